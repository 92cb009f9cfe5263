package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files that are sent with a driver on the cluster, and where it finds them. */
class SparkSubmitLauncherTest {
    @TempDir
    private Path folder;

    private Path libraries;
    private Path job;

    @BeforeEach
    void layOutAPackage() throws IOException {
        libraries = Files.createDirectories(folder.resolve("driver-libs"));
        Files.writeString(libraries.resolve("b.jar"), "b");
        Files.writeString(libraries.resolve("a.jar"), "a");
        job = Files.writeString(folder.resolve("mine.conf"), "");
    }

    private List<String> completed(String... arguments) throws Exception {
        return Arrays.asList(SparkSubmitLauncher.complete(
                arguments, SubmitArguments.parse(Map.of("HADOOP_CONF_DIR", "/conf"), arguments), libraries));
    }

    private List<URL> found(SparkConf configuration, String jar) {
        return DriverClasspath.urls(configuration, new Configuration(), URI.create(jar));
    }

    @Test
    void theJobsFileGoesAlongAndIsNamedAsTheDriverWillFindIt() throws Exception {
        List<String> completed = completed(
                "--master",
                "spark://h:1",
                "--deploy-mode",
                "cluster",
                "--files",
                "/x",
                "--class",
                "M",
                "k.jar",
                "train",
                "--conf",
                job.toString(),
                "--out",
                "o");
        assertThat(completed)
                .containsSubsequence("--files", "/x", "--files", "file:/x," + job.toUri(), "k.jar", "train")
                .endsWith("--conf", "mine.conf", "--out", "o")
                .doesNotContain("--archives");
        assertThat(completed("--master", "spark://h:1", "--class", "M", "k.jar", "train", "--conf=" + job))
                .endsWith("--conf=mine.conf");
    }

    @Test
    void whatIsElsewhereAlreadyStaysAsItIs() throws Exception {
        String[] arguments = {
            "--master",
            "yarn",
            "--conf",
            "spark.kindling.driver.libs=hdfs:///k/driver-libs",
            "--class",
            "M",
            "k.jar",
            "train",
            "--conf",
            "hdfs:///jobs/mine.conf"
        };
        assertThat(completed(arguments)).containsExactly(arguments);
    }

    @Test
    void aStandaloneDriverIsGivenWhatSparkNeedsOfJavaAndKeepsItsOwn() throws Exception {
        List<String> completed = completed(
                "--master",
                "spark://h:1",
                "--deploy-mode",
                "cluster",
                "--driver-java-options",
                "-Dmine=1",
                "--class",
                "M",
                "k.jar",
                "train");
        assertThat(completed.get(completed.lastIndexOf("--driver-java-options") + 1))
                .contains("--add-opens=java.base/sun.nio.ch=ALL-UNNAMED")
                .endsWith(" -Dmine=1");
    }

    @Test
    void yarnIsGivenTheDriversLibrariesAsAnArchive() throws Exception {
        List<String> completed =
                completed("--master", "yarn", "--archives", "/y.zip", "--class", "M", "k.jar", "train");
        String archives = completed.get(completed.lastIndexOf("--archives") + 1);
        assertThat(archives).startsWith("file:/y.zip,file:///").endsWith(".zip#driver-libs");
    }

    @Test
    void theLibrariesAreFoundNextToTheJar() throws IOException {
        assertThat(found(
                        new SparkConf(false),
                        folder.resolve("kindling-1.jar").toUri().toString()))
                .containsExactlyInAnyOrder(
                        libraries.resolve("a.jar").toUri().toURL(),
                        libraries.resolve("b.jar").toUri().toURL());
    }

    @Test
    void orNextToTheJarsPlaceOfSubmission() throws Exception {
        SparkConf submitted =
                new SparkConf(false).set("spark.jars", "http://h/other.jar,local:" + folder + "/kindling-1.jar");
        assertThat(found(submitted, "file:/copied/kindling-1.jar")).hasSize(2);
    }

    @Test
    void orWhereTheSettingSays() throws Exception {
        SparkConf configuration = new SparkConf(false).set(DriverClasspath.FOLDER.setting(), libraries.toString());
        assertThat(found(configuration, "file:/copied/kindling-1.jar")).hasSize(2);
    }

    @Test
    void aMissingFolderIsRefusedOnlyIfTheSettingNamesIt() throws Exception {
        assertThat(found(new SparkConf(false), "file:/copied/kindling-1.jar")).isEmpty();
        SparkConf wrong = new SparkConf(false).set(DriverClasspath.FOLDER.setting(), folder + "/nothing");
        assertThatThrownBy(() -> found(wrong, "file:/copied/kindling-1.jar"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("spark.kindling.driver.libs is " + folder + "/nothing; it must be the folder");
    }
}
