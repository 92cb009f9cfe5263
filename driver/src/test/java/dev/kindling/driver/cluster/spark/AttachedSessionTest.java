package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.NoiseProvider;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.tensor.Precision;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarOutputStream;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A Spark session that runs already, with an executor that started without Kindling's classes. */
@Tag("executors")
@Timeout(value = 240, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AttachedSessionTest {
    private static final int SIZE = 7;
    private static final Job JOB = NoiseProvider.job(Precision.FLOAT, 4, SIZE, Map.of());
    private static final String OWN_CLASSES = "target" + File.separator;

    @Test
    void executorsFetchKindlingsJarAndWithoutOneTheMessageNamesTheSetting(@TempDir Path folder) throws IOException {
        URI jar = jar(folder.resolve("kindling-test.jar"));
        try (JavaSparkContext context = session()) {
            for (ClusterSettings.Mode mode : ClusterSettings.Mode.values()) {
                assertThatThrownBy(() -> round(context, mode, folder.toUri()))
                        .as(mode.name())
                        .isInstanceOf(ClusterException.class)
                        .message()
                        .contains(SparkErrors.MISSING_CLASSES)
                        .hasLineCount(1);
            }
            RoundResult expected;
            try (Cluster one = new LocalCluster(JOB, new Configuration(false), 1)) {
                expected = round(one);
            }
            for (ClusterSettings.Mode mode : ClusterSettings.Mode.values()) {
                assertThat(round(context, mode, jar).sum()).as(mode.name()).isEqualTo(expected.sum());
            }
            assertThat(context.sc().listJars().size()).isEqualTo(1);
        }
    }

    private static RoundResult round(JavaSparkContext context, ClusterSettings.Mode mode, URI jar) {
        ClusterSettings settings = new ClusterSettings(mode, 0, Duration.ofSeconds(100), 0);
        try (SparkApplication application = SparkApplication.attach(context, "test", jar);
                Cluster cluster = application.cluster(JOB, settings)) {
            return round(cluster);
        }
    }

    private static RoundResult round(Cluster cluster) {
        return cluster.run(
                new RoundRequest("train", NoiseProvider.specs(5, Map.of()), OutputMode.SUMS),
                NoiseProvider.theta(Precision.FLOAT, SIZE));
    }

    /** The class path of this JVM without the folders of this project's classes. */
    private static JavaSparkContext session() {
        new File(System.getenv("SPARK_HOME"), "jars").mkdirs();
        String libraries = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(entry -> !isOwn(entry))
                .collect(Collectors.joining(File.pathSeparator));
        return new JavaSparkContext(new SparkConf()
                .setMaster("local-cluster[1,1,1024]")
                .setAppName("attached")
                .set("spark.ui.enabled", "false")
                .set("spark.executor.extraClassPath", libraries)
                .set("spark.executor.extraJavaOptions", SparkApplication.VECTOR_MODULE));
    }

    /** Whether an entry of the class path is a folder or, after packaging, a jar of this project. */
    private static boolean isOwn(String entry) {
        return entry.contains(OWN_CLASSES)
                && (!entry.endsWith(".jar") || new File(entry).getName().startsWith("kindling-"));
    }

    private static URI jar(Path target) throws IOException {
        Set<String> written = new HashSet<>();
        try (OutputStream file = Files.newOutputStream(target);
                JarOutputStream jar = new JarOutputStream(file)) {
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
                if (isOwn(entry)) {
                    addTo(jar, Path.of(entry), written);
                }
            }
        }
        return target.toUri();
    }

    private static void addTo(JarOutputStream jar, Path classes, Set<String> written) throws IOException {
        if (Files.isDirectory(classes)) {
            addFolder(jar, classes, written);
            return;
        }
        try (FileSystem packaged = FileSystems.newFileSystem(classes)) {
            addFolder(jar, packaged.getPath("/"), written);
        }
    }

    private static void addFolder(JarOutputStream jar, Path classes, Set<String> written) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(classes)) {
            files = all.filter(Files::isRegularFile).toList();
        }
        for (Path file : files) {
            String name = classes.relativize(file).toString().replace(File.separatorChar, '/');
            if (written.add(name)) {
                jar.putNextEntry(new ZipEntry(name));
                Files.copy(file, jar);
            }
        }
    }
}
