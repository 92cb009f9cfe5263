package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.NoiseProvider;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.tensor.Precision;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.assertj.core.api.Condition;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Spark with two GPUs that a fake nvidia-smi reports; other shares are in {@code deploy/test-clusters}. */
@Tag("executors")
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FakeGpusTest {
    private static final Job JOB = NoiseProvider.job(Precision.FLOAT, 2, 7, Map.of());

    @TempDir
    private Path folder;

    private static RoundResult round(Cluster cluster) {
        return cluster.run(
                new RoundRequest("train", NoiseProvider.specs(23, Map.of()), OutputMode.SUMS),
                NoiseProvider.theta(Precision.FLOAT, 7));
    }

    private static Condition<String> ending(String end) {
        return new Condition<>(line -> line.endsWith(end), "a line that ends with " + end);
    }

    private static ClusterSettings settings(ClusterSettings.Mode mode) {
        return new ClusterSettings(mode, 2, Duration.ofSeconds(60), 0);
    }

    private String discoveryOfTwo() throws IOException {
        executable(folder.resolve("nvidia-smi"), "printf '0\\n1\\n'");
        Path script = Path.of("../deploy/discover-gpus").toRealPath();
        return executable(folder.resolve("gpus"), "PATH=" + folder + ":$PATH exec " + script);
    }

    private static String executable(Path file, String line) throws IOException {
        assertThat(Files.writeString(file, "#!/bin/sh\n" + line + "\n").toFile().setExecutable(true))
                .isTrue();
        return file.toString();
    }

    @Test
    void twoSparkTasksOfOneExecutorComputeOnAGpuEach() throws IOException {
        new File(System.getenv("SPARK_HOME"), "jars").mkdirs();
        SparkConf given = new SparkConf()
                .set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .set("spark.worker.resource.gpu.amount", "2")
                .set("spark.worker.resource.gpu.discoveryScript", discoveryOfTwo())
                .set("spark.executor.resource.gpu.amount", "2")
                .set("spark.task.resource.gpu.amount", "1");
        RoundResult expected;
        try (Cluster one = new LocalCluster(JOB, new Configuration(false), 1)) {
            expected = round(one);
        }
        try (LogLines log = new LogLines();
                SparkApplication spark = SparkApplication.start(
                        SparkApplication.configuration(given, "test", Optional.of("local-cluster[1,2,1024]")))) {
            try (Cluster cluster = spark.cluster(JOB, settings(ClusterSettings.Mode.JOBS))) {
                RoundResult result = round(cluster);
                assertThat(result.sum()).isEqualTo(expected.sum());
                assertThat(result.workers())
                        .anySatisfy(worker -> assertThat(worker).matches("0\\.\\d+ on GPU 0"))
                        .anySatisfy(worker -> assertThat(worker).matches("0\\.\\d+ on GPU 1"));
                round(cluster);
                assertThat(log.lines())
                        .as("logged once")
                        .haveExactly(1, ending("executor 0 computes on GPU 0"))
                        .haveExactly(1, ending("executor 0 computes on GPU 1"));
            }
            try (Cluster cluster = spark.cluster(JOB, settings(ClusterSettings.Mode.PERSISTENT))) {
                TreeSet<String> devices = new TreeSet<>();
                while (devices.size() < 2) {
                    assertThat(round(cluster).sum()).isEqualTo(expected.sum());
                    log.lines().stream()
                            .filter(line -> line.contains(" runs on executor 0, on "))
                            .map(line -> line.replaceFirst(".*, on ", ""))
                            .forEach(devices::add);
                }
                assertThat(devices).containsExactly("GPU 0", "GPU 1");
            }
        }
    }
}
