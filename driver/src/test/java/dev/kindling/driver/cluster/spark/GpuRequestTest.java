package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Combinations of Spark settings, backends and packages that are refused before Spark starts. */
class GpuRequestTest {
    private static final String EXECUTOR = "spark.executor.resource.gpu.amount";
    private static final String TASK = "spark.task.resource.gpu.amount";
    private static final String CLUSTER = "spark://h:7077";

    private static SparkConf given(String master, String... keysAndValues) {
        SparkConf given = new SparkConf(false).setMaster(master);
        for (int i = 0; i < keysAndValues.length; i += 2) {
            given.set(keysAndValues[i], keysAndValues[i + 1]);
        }
        return given;
    }

    private static void require(SparkConf configuration, String backend, ExecutorClasspath.Kind kind) {
        SparkApplication.requireDevices(configuration, backend, () -> new ExecutorClasspath(List.of("nd4j.jar"), kind));
    }

    private static AbstractThrowableAssert<?, ?> assertRefused(
            SparkConf configuration, String backend, ExecutorClasspath.Kind kind) {
        return assertThatThrownBy(() -> require(configuration, backend, kind))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 0.5", "1, 0.25", "2, 1", "4, 1"})
    void gpusForTheBackendOfAPackageForGpusAreWhatTheyAreFor(String executor, String task) {
        for (ExecutorClasspath.Kind kind : List.of(ExecutorClasspath.Kind.GPU, ExecutorClasspath.Kind.UNKNOWN)) {
            for (String master : List.of(CLUSTER, "yarn", "k8s://h", "local-cluster[1,1,1024]")) {
                assertThatCode(() -> require(given(master, EXECUTOR, executor, TASK, task), "nd4j", kind))
                        .doesNotThrowAnyException();
            }
        }
    }

    @Test
    void withoutARequestForGpusAnyBackendOfTheProcessorIsAccepted() {
        for (ExecutorClasspath.Kind kind : List.of(ExecutorClasspath.Kind.PROCESSOR, ExecutorClasspath.Kind.UNKNOWN)) {
            assertThatCode(() -> require(given(CLUSTER), "nd4j", kind)).doesNotThrowAnyException();
        }
        assertThatCode(() -> require(given(CLUSTER, EXECUTOR, "0", TASK, "0"), "vector", ExecutorClasspath.Kind.GPU))
                .doesNotThrowAnyException();
        assertThatCode(() -> require(given("local[2]"), "nd4j", ExecutorClasspath.Kind.GPU))
                .as("in local mode the driver's own ND4J computes")
                .doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(strings = {"local", "local[2]", "local[*]"})
    void threadsOfTheDriverAreGivenNoGpus(String master) {
        assertRefused(given(master, EXECUTOR, "1", TASK, "1"), "nd4j", ExecutorClasspath.Kind.GPU)
                .hasMessageStartingWith(EXECUTOR + " is 1, but the master is " + master + ",")
                .hasMessageContaining("local-cluster[");
        assertRefused(given(master, TASK, "0.5"), "nd4j", ExecutorClasspath.Kind.GPU)
                .hasMessageStartingWith(TASK + " is 0.5, but the master is " + master);
    }

    @Test
    void theApplicationsExecutorsMayNotRequestGpusInAdditionToThoseOfRounds() {
        assertRefused(
                        given(
                                CLUSTER,
                                "spark.dynamicAllocation.enabled",
                                "true",
                                "spark.kindling.executorProfile.executor.memory",
                                "4g",
                                EXECUTOR,
                                "1"),
                        "vector",
                        ExecutorClasspath.Kind.PROCESSOR)
                .hasMessage(EXECUTOR
                        + " is 1, but rounds run on executors of their own (spark.kindling.executorProfile.*), and the "
                        + "application's would leave the GPUs idle; it must be 0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"vector", "reference"})
    void aBackendOfTheProcessorHoldsNoGpus(String backend) {
        assertRefused(given(CLUSTER, EXECUTOR, "2", TASK, "1"), backend, ExecutorClasspath.Kind.GPU)
                .hasMessageStartingWith(EXECUTOR + " is 2, but backend.name is " + backend)
                .hasMessageContaining("set backend.name = nd4j");
    }

    @Test
    void anNd4jOfTheProcessorHoldsNoGpus() {
        assertRefused(given(CLUSTER, EXECUTOR, "1", TASK, "1"), "nd4j", ExecutorClasspath.Kind.PROCESSOR)
                .hasMessageContaining("spark.kindling.executor.libs must name the folder executor-libs")
                .hasMessageContaining("Maven profile cuda");
    }

    @Test
    void anNd4jOfGpusNeedsOne() {
        assertRefused(given(CLUSTER), "nd4j", ExecutorClasspath.Kind.GPU)
                .hasMessageContaining("none are requested of Spark; set " + EXECUTOR + " and " + TASK + " to 1");
    }

    @Test
    void executorsAndTheirSparkTasksAreGivenGpusTogether() {
        assertRefused(given(CLUSTER, TASK, "1"), "nd4j", ExecutorClasspath.Kind.GPU)
                .hasMessageContaining("no GPU is requested for executors; set " + EXECUTOR);
        assertRefused(given(CLUSTER, EXECUTOR, "1"), "nd4j", ExecutorClasspath.Kind.GPU)
                .hasMessageStartingWith(TASK + " is 0.0; it must be 1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2", "0.7", "1.5", "-1"})
    void aSparkTaskComputesOnOneGpuOrAShareThatSparkKnows(String amount) {
        assertRefused(given(CLUSTER, EXECUTOR, "2", TASK, amount), "nd4j", ExecutorClasspath.Kind.GPU)
                .hasMessageStartingWith(TASK + " is " + Double.parseDouble(amount) + "; it must be 1, or 0.5 or less");
    }

    @Test
    void anExecutorProfileIsCheckedInTheSameWay() {
        String prefix = "spark.kindling.executorProfile.";
        SparkConf dynamic = given(CLUSTER, "spark.dynamicAllocation.enabled", "true");
        SparkConf gpus = dynamic.clone()
                .set(prefix + "executor.resource.gpu.amount", "1")
                .set(prefix + "task.resource.gpu.amount", "0.5");
        assertThatCode(() -> require(gpus, "nd4j", ExecutorClasspath.Kind.GPU)).doesNotThrowAnyException();
        assertRefused(gpus, "vector", ExecutorClasspath.Kind.GPU)
                .hasMessageStartingWith(prefix + "executor.resource.gpu.amount is 1, but backend.name is vector");
        assertRefused(gpus.clone().setMaster("local[2]"), "nd4j", ExecutorClasspath.Kind.GPU)
                .hasMessageContaining("the master is local[2]");
        assertRefused(gpus.clone().set("spark.dynamicAllocation.enabled", "false"), "nd4j", ExecutorClasspath.Kind.GPU)
                .hasMessageContaining("spark.dynamicAllocation.enabled=true");
        assertRefused(dynamic.clone().set(prefix + "executor.gpus", "1"), "nd4j", ExecutorClasspath.Kind.GPU)
                .hasMessageStartingWith("there is no setting " + prefix + "executor.gpus; it must be one of");
        assertRefused(gpus.clone().set(prefix + "executor.cores", "many"), "nd4j", ExecutorClasspath.Kind.GPU)
                .hasMessageStartingWith("the settings " + prefix + "* describe executors that Spark cannot start: ")
                .hasMessageContaining("many");
    }

    @Test
    void executorsWithGpusLetCudaCountAsTheirScriptsDo() {
        String order = "spark.executorEnv.CUDA_DEVICE_ORDER";
        assertThat(SparkApplication.configuration(given(CLUSTER, EXECUTOR, "1", TASK, "1"), "x", Optional.empty())
                        .get(order))
                .isEqualTo("PCI_BUS_ID");
        assertThat(SparkApplication.configuration(given(CLUSTER), "x", Optional.empty())
                        .contains(order))
                .isFalse();
    }
}
