package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The jars for executors, in packages with and without ND4J for GPUs. */
class ExecutorClasspathTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void layOutAPackage() throws IOException {
        put("driver-libs", "nd4j-native-1.0.jar");
        put("driver-libs", "nd4j-api-1.0.jar");
    }

    private Path put(String library, String jar) throws IOException {
        return Files.writeString(
                Files.createDirectories(folder.resolve(library)).resolve(jar), "");
    }

    private ExecutorClasspath found(SparkConf configuration, String jar) {
        return ExecutorClasspath.of(configuration, new Configuration(), URI.create(jar));
    }

    private ExecutorClasspath found() {
        return found(
                new SparkConf(false), folder.resolve("kindling-1.jar").toUri().toString());
    }

    @Test
    void withoutAFolderOfTheirOwnExecutorsGetTheDriversWhichIsForTheProcessor() {
        assertThat(found().kind()).isEqualTo(ExecutorClasspath.Kind.PROCESSOR);
        assertThat(found().jars())
                .containsExactlyInAnyOrder(
                        "file:" + folder + "/driver-libs/nd4j-native-1.0.jar",
                        "file:" + folder + "/driver-libs/nd4j-api-1.0.jar");
    }

    @Test
    void withOneTheyGetThatAloneAndNothingForTheProcessor() throws IOException {
        put("executor-libs", "nd4j-cuda-11.6-1.0.jar");
        put("executor-libs", "readme.txt");
        assertThat(found().kind()).isEqualTo(ExecutorClasspath.Kind.GPU);
        assertThat(found().jars()).containsExactly("file:" + folder + "/executor-libs/nd4j-cuda-11.6-1.0.jar");
    }

    @Test
    void theSettingWinsAndMayNameTheDriversFolder() throws IOException {
        put("executor-libs", "nd4j-cuda-11.6-1.0.jar");
        SparkConf drivers = new SparkConf(false).set("spark.kindling.executor.libs", folder + "/driver-libs");
        assertThat(found(drivers, "file:/copied/kindling-1.jar").kind()).isEqualTo(ExecutorClasspath.Kind.PROCESSOR);
    }

    @Test
    void aLocalUriIsNotFetched() {
        SparkConf everywhere =
                new SparkConf(false).set("spark.kindling.executor.libs", "local:" + folder + "/driver-libs");
        assertThat(found(everywhere, "file:/copied/kindling-1.jar").jars())
                .contains("local:" + folder + "/driver-libs/nd4j-api-1.0.jar");
    }

    @Test
    void installedLibrariesAreNotSent() {
        SparkConf installed = new SparkConf(false).set("spark.kindling.executor.libs", "installed");
        ExecutorClasspath found = found(installed, "file:/copied/kindling-1.jar");
        assertThat(found.jars()).isEmpty();
        assertThat(found.kind()).isEqualTo(ExecutorClasspath.Kind.UNKNOWN);
    }

    @Test
    void aMissingFolderIsASingleLineMessage() {
        assertThatThrownBy(() -> found(new SparkConf(false), "file:/copied/kindling-1.jar"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("backend.name is nd4j, but neither the folder executor-libs nor driver-libs")
                .hasMessageContaining("next to kindling-1.jar; spark.kindling.executor.libs must be its path");
    }
}
