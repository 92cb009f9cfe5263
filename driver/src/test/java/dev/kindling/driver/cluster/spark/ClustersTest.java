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
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** The contract of clusters: compares each with a cluster of a single thread. */
@Tag("executors")
@Timeout(value = 180, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClustersTest {
    private static final ClusterSettings JOBS =
            new ClusterSettings(ClusterSettings.Mode.JOBS, 0, Duration.ofSeconds(60), 0);
    private static final ClusterSettings PERSISTENT =
            new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 0, Duration.ofSeconds(60), 0);
    /** Above 64 KB of θ, so that it is sent by broadcast. */
    private static final int LARGE = 20_000;

    private static final int SMALL = 7;
    private static final int TASKS = 23;

    private static final String SECRET = "a secret of this test";
    private static final Map<String, String> SECURED = Map.of(
            "spark.authenticate", "true",
            "spark.authenticate.secret", SECRET,
            "spark.network.crypto.enabled", "true");

    /** As docs/security.md recommends. */
    private static final Map<String, String> AS_RECOMMENDED = Map.of(
            "spark.authenticate", "true",
            "spark.authenticate.secret", SECRET,
            "spark.network.crypto.enabled", "true",
            "spark.network.crypto.authEngineVersion", "2",
            "spark.network.crypto.saslFallback", "false");

    private static Job job(int size, int blockSize) {
        return NoiseProvider.job(Precision.FLOAT, blockSize, size, Map.of());
    }

    private static RoundResult round(Cluster cluster, int size, OutputMode outputs) {
        return cluster.run(
                new RoundRequest(
                        "train",
                        NoiseProvider.specs(TASKS, Map.of(3, NoiseProvider.LOSS_IS_NAN, 20, NoiseProvider.LOSS_IS_NAN)),
                        outputs),
                NoiseProvider.theta(Precision.FLOAT, size));
    }

    private static RoundResult expected(int size, int blockSize, OutputMode outputs) {
        try (Cluster one = new LocalCluster(job(size, blockSize), new Configuration(false), 1)) {
            return round(one, size, outputs);
        }
    }

    private static void assertSame(Cluster cluster, int size, int blockSize) {
        for (OutputMode outputs : OutputMode.values()) {
            RoundResult expected = expected(size, blockSize, outputs);
            RoundResult result = round(cluster, size, outputs);
            assertThat(result.sum()).isEqualTo(expected.sum());
            assertThat(result.perTaskOutputs()).containsExactly(expected.perTaskOutputs());
            assertThat(result.failed()).isEqualTo(expected.failed()).hasSize(outputs == OutputMode.PER_TASK ? 0 : 2);
        }
    }

    private static void assertAllSizesSame(SparkApplication spark, ClusterSettings settings) {
        for (int size : new int[] {SMALL, LARGE}) {
            for (int blockSize : new int[] {1, 4}) {
                try (Cluster cluster = spark.cluster(job(size, blockSize), settings)) {
                    assertSame(cluster, size, blockSize);
                }
            }
        }
    }

    /** Runs rounds, all of which must have the expected sum, until the given number of executors have taken part in one. */
    private static Set<String> untilWorkers(Cluster cluster, int count) {
        RoundResult expected = expected(SMALL, 2, OutputMode.SUMS);
        while (true) {
            RoundResult result = round(cluster, SMALL, OutputMode.SUMS);
            assertThat(result.sum()).isEqualTo(expected.sum());
            if (result.workers().size() == count) {
                return result.workers();
            }
        }
    }

    @Test
    void threadsOfOneJvm() {
        for (int threads = 1; threads <= 3; threads++) {
            try (Cluster cluster = new LocalCluster(job(SMALL, 2), new Configuration(false), threads)) {
                assertSame(cluster, SMALL, 2);
            }
        }
    }

    @Test
    void sparkInLocalModeWithOneToThreeThreads() {
        for (String master : List.of("local[1]", "local[2]", "local[3]")) {
            try (SparkApplication spark = SparkApplication.start("test", Optional.of(master))) {
                assertAllSizesSame(spark, JOBS);
                assertAllSizesSame(spark, PERSISTENT);
            }
        }
    }

    @Test
    void sparkWithTwoExecutorsInJvmsOfTheirOwn() {
        try (TwoExecutors executors = new TwoExecutors()) {
            assertAllSizesSame(executors.spark(), JOBS);
            assertThat(executors.workedLately())
                    .as("executors that completed Spark tasks")
                    .containsExactly("0", "1");
            assertAllSizesSame(executors.spark(), PERSISTENT);
            try (Cluster cluster = executors.cluster(job(SMALL, 2), PERSISTENT)) {
                assertThat(untilWorkers(cluster, 2)).containsExactlyInAnyOrder("0", "1");
            }
        }
    }

    @Test
    void anExecutorThatIsKilledIsReplacedAndTheSumsStayTheSame() {
        try (TwoExecutors executors = new TwoExecutors()) {
            Map<String, Long> processes = executors.processes();
            try (Cluster cluster = executors.cluster(job(SMALL, 2), PERSISTENT)) {
                untilWorkers(cluster, 2);
                ProcessHandle.of(processes.get("0")).orElseThrow().destroyForcibly();
                assertThat(untilWorkers(cluster, 1)).containsExactly("1");
                assertThat(untilWorkers(cluster, 2)).as("a newcomer takes part").containsExactlyInAnyOrder("1", "2");
            }
        }
    }

    @Test
    void workersAreAuthenticatedAndTheirMessagesEncryptedWhereSparksAre() throws IOException {
        try (TwoExecutors executors = new TwoExecutors(SECURED)) {
            for (long process : executors.processes().values()) {
                String seen = Files.readString(Path.of("/proc", Long.toString(process), "cmdline"));
                assertThat(seen)
                        .as("what every user of the machine sees")
                        .contains("-Dspark.authenticate=true")
                        .doesNotContain(SECRET);
            }
            try (Cluster cluster = executors.cluster(job(SMALL, 2), PERSISTENT)) {
                assertThat(untilWorkers(cluster, 2)).containsExactlyInAnyOrder("0", "1");
            }
        }
    }

    @Test
    void executorsExchangeShardsOfLargeVectorsAndSumsAuthenticatedAndEncryptedWhereSparkIs() {
        int size = 1_200_001;
        long bytes = 4L * size;
        RoundResult expected = expected(size, 2, OutputMode.SUMS);
        try (TwoExecutors executors = new TwoExecutors(AS_RECOMMENDED, 3);
                Cluster cluster = executors.cluster(job(size, 2), PERSISTENT)) {
            RoundResult result;
            do {
                result = round(cluster, size, OutputMode.SUMS);
                assertThat(result.sum()).isEqualTo(expected.sum());
                assertThat(result.failed()).isEqualTo(expected.failed());
            } while (result.workers().size() < 3 || result.bytesIn() > 2 * bytes || result.bytesOut() > 2 * bytes);
            assertThat(result.bytesIn()).as("one sum, and not three").isGreaterThan(bytes);
            assertThat(result.bytesOut()).as("one vector, and not three").isGreaterThan(bytes);
        }
    }

    @Test
    void dynamicAllocationAddsAnExecutorBecauseAWorkerJobWaits() {
        Map<String, String> dynamic = Map.of(
                "spark.dynamicAllocation.enabled", "true",
                "spark.dynamicAllocation.shuffleTracking.enabled", "true",
                "spark.dynamicAllocation.minExecutors", "1",
                "spark.dynamicAllocation.maxExecutors", "2");
        try (TwoExecutors executors = new TwoExecutors(dynamic, 1);
                Cluster cluster = executors.cluster(job(SMALL, 2), PERSISTENT)) {
            assertThat(untilWorkers(cluster, 1)).hasSize(1);
            assertThat(untilWorkers(cluster, 2)).hasSize(2);
        }
    }

    @Test
    void anExecutorThatIsDecommissionedWorksUntilItIsGone() throws IOException, InterruptedException {
        try (TwoExecutors executors = new TwoExecutors(Map.of("spark.decommission.enabled", "true"))) {
            Map<String, Long> processes = executors.processes();
            try (Cluster cluster = executors.cluster(job(SMALL, 2), PERSISTENT)) {
                untilWorkers(cluster, 2);
                String process = Long.toString(processes.get("0"));
                assertThat(new ProcessBuilder("kill", "-PWR", process).start().waitFor())
                        .isZero();
                untilWorkers(cluster, 2);
                ProcessHandle.of(processes.get("0")).orElseThrow().destroyForcibly();
                assertThat(untilWorkers(cluster, 1)).containsExactly("1");
            }
        }
    }

    @Test
    void workerJobsAreLimited() {
        ClusterSettings one = new ClusterSettings(ClusterSettings.Mode.PERSISTENT, 1, Duration.ofSeconds(60), 0);
        try (TwoExecutors executors = new TwoExecutors();
                Cluster cluster = executors.cluster(job(SMALL, 2), one)) {
            for (int round = 0; round < 200; round++) {
                assertThat(round(cluster, SMALL, OutputMode.SUMS).workers()).hasSize(1);
            }
        }
    }

    @Test
    void withoutAnyExecutorTheRoundEndsAfterTheTimeout() {
        new File(System.getenv("SPARK_HOME"), "jars").mkdirs();
        SparkConf configuration = SparkApplication.configuration(
                new SparkConf().set("spark.executor.cores", "2"), "test", Optional.of("local-cluster[1,1,1024]"));
        try (SparkApplication spark = SparkApplication.start(configuration)) {
            for (ClusterSettings.Mode mode : ClusterSettings.Mode.values()) {
                ClusterSettings impatient = new ClusterSettings(mode, 0, Duration.ofSeconds(1), 0);
                try (Cluster cluster = spark.cluster(job(SMALL, 2), impatient)) {
                    assertThatThrownBy(() -> round(cluster, SMALL, OutputMode.SUMS))
                            .isInstanceOf(ClusterException.class)
                            .hasMessage(
                                    "no executor for 1 s (cluster.executor-timeout) while waiting for train, round 12");
                }
            }
        }
    }

    @Test
    void aStoppedContextIsAClusterFailure() {
        SparkApplication spark = SparkApplication.start("test", Optional.of("local[1]"));
        Cluster cluster = spark.cluster(job(SMALL, 2), JOBS);
        spark.close();
        assertThatThrownBy(() -> round(cluster, SMALL, OutputMode.SUMS))
                .isInstanceOf(ClusterException.class)
                .hasMessageContaining("its master did not answer or ended the application")
                .hasMessageNotContaining("\n");
        assertThatThrownBy(() -> round(cluster, LARGE, OutputMode.SUMS)).isInstanceOf(ClusterException.class);
        cluster.close();
    }

    @Test
    void anInterruptBreaksARoundOffAndLeavesTheInterrupt() {
        try (SparkApplication spark = SparkApplication.start("test", Optional.of("local[1]"))) {
            for (ClusterSettings settings : List.of(JOBS, PERSISTENT)) {
                try (Cluster cluster = spark.cluster(job(LARGE, 2), settings)) {
                    Thread.currentThread().interrupt();
                    assertThatThrownBy(() -> round(cluster, LARGE, OutputMode.SUMS))
                            .isInstanceOf(ClusterException.class);
                    assertThat(Thread.interrupted()).isTrue();
                    assertSame(cluster, LARGE, 2);
                }
            }
        }
    }

    @Test
    void aMasterThatSparkDoesNotKnowIsAClusterFailure() {
        assertThatThrownBy(() -> SparkApplication.start("test", Optional.of("nonsense")))
                .isInstanceOf(ClusterException.class)
                .hasMessageContaining("master nonsense");
    }

    /** The exceptions for failures. */
    @TestInstance(TestInstance.Lifecycle.PER_CLASS)
    @org.junit.jupiter.api.Nested
    class Failures {
        private SparkApplication spark;

        @BeforeAll
        void start() {
            spark = SparkApplication.start("test", Optional.of("local[2]"));
        }

        @AfterAll
        void stop() {
            spark.close();
        }

        private RoundResult runWith(int kind) {
            return runWith(kind, JOBS);
        }

        private RoundResult runWith(int kind, ClusterSettings settings) {
            try (Cluster cluster = spark.cluster(job(SMALL, 2), settings)) {
                return cluster.run(
                        new RoundRequest("train", NoiseProvider.specs(TASKS, Map.of(17, kind)), OutputMode.SUMS),
                        NoiseProvider.theta(Precision.FLOAT, SMALL));
            }
        }

        @Test
        void badDataOfATaskEndsTheRoundWithItsOwnMessage() {
            for (ClusterSettings settings : List.of(JOBS, PERSISTENT)) {
                assertThatThrownBy(() -> runWith(NoiseProvider.NO_DATA, settings))
                        .isInstanceOf(BadDataException.class)
                        .hasMessage("noise of task 17 of round 12 is empty");
            }
        }

        @Test
        void dataThatCannotBeOpenedEndsTheRoundWithItsOwnMessage() {
            Job job = NoiseProvider.job(Precision.FLOAT, 2, SMALL, Map.of("missing", "x.zip"));
            try (Cluster cluster = spark.cluster(job, JOBS)) {
                assertThatThrownBy(() -> round(cluster, SMALL, OutputMode.SUMS))
                        .isInstanceOf(BadDataException.class)
                        .hasMessage("the file x.zip is missing");
            }
        }

        @Test
        void anUnknownSourceIsAWrongSetting() {
            Job good = job(SMALL, 2);
            Job job = new Job(
                    new dev.kindling.job.task.SourceDescription(
                            "nothing", good.source().settings()),
                    good.backend(),
                    good.options(),
                    2,
                    good.programs());
            try (Cluster cluster = spark.cluster(job, JOBS)) {
                assertThatThrownBy(() -> round(cluster, SMALL, OutputMode.SUMS))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("task.source is nothing");
            }
        }

        @Test
        void anythingElseIsAClusterFailureInOneLine() {
            assertThatThrownBy(() -> runWith(NoiseProvider.BUG))
                    .isInstanceOf(ClusterException.class)
                    .hasMessageContaining("train, round 12")
                    .hasMessageContaining("a bug in the source")
                    .hasMessageNotContaining("\n");
        }

        @Test
        void changingTheVectorInPlaceChangesTheNextRound() {
            try (Cluster cluster = spark.cluster(job(SMALL, 2), JOBS)) {
                FlatVector theta = NoiseProvider.theta(Precision.FLOAT, SMALL);
                var specs = NoiseProvider.specs(TASKS, Map.of());
                RoundResult first = cluster.run(new RoundRequest("train", specs, OutputMode.SUMS), theta);
                theta.set(0, 0.5);
                assertThat(cluster.run(new RoundRequest("train", specs, OutputMode.SUMS), theta)
                                .sum())
                        .isNotEqualTo(first.sum());
            }
        }
    }
}
