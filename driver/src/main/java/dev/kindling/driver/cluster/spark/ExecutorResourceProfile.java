package dev.kindling.driver.cluster.spark;

import dev.kindling.job.executor.AssignedDevice;
import java.util.Arrays;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.resource.ExecutorResourceRequests;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;

/**
 * Executors of their own for rounds (Spark's stage-level scheduling): {@code spark.kindling.rounds.X} is for them what
 * {@code spark.X} is for the application's, for a few X. So a job asks for executors with GPUs while it has rounds, and for
 * no others.
 */
final class ExecutorResourceProfile {
    /** Begins the settings of the application's executors. */
    static final String APPLICATION = "spark.";

    private static final String ROUNDS = AssignedDevice.ROUNDS;

    private static final String EXECUTOR_CORES = ROUNDS + "executor.cores";
    private static final String EXECUTOR_MEMORY = ROUNDS + "executor.memory";
    private static final String EXECUTOR_OVERHEAD = ROUNDS + "executor.memoryOverhead";
    private static final String EXECUTOR_GPUS = ROUNDS + GpuRequest.EXECUTOR;
    private static final String SCRIPT = ROUNDS + "executor.resource.gpu.discoveryScript";
    private static final String VENDOR = ROUNDS + "executor.resource.gpu.vendor";
    private static final String TASK_CPUS = ROUNDS + "task.cpus";
    private static final String TASK_GPUS = ROUNDS + GpuRequest.TASK;
    private static final String GPU = "gpu";
    private static final String DYNAMIC = "spark.dynamicAllocation.enabled";

    private final Optional<ResourceProfile> profile;

    private ExecutorResourceProfile(Optional<ResourceProfile> profile) {
        this.profile = profile;
    }

    /** What the names of the settings begin with that say on which executors rounds run. */
    static String prefix(SparkConf configuration) {
        return isWanted(configuration) ? ROUNDS : APPLICATION;
    }

    private static boolean isWanted(SparkConf configuration) {
        return configuration.getAllWithPrefix(ROUNDS).length > 0;
    }

    /**
     * Refuses, by IllegalArgumentException, settings of rounds that Spark could not follow.
     *
     * @param here whether Spark runs as threads of this JVM
     */
    static void refuseUnfit(SparkConf configuration, boolean here) {
        if (!isWanted(configuration)) {
            return;
        }
        String first = ROUNDS + configuration.getAllWithPrefix(ROUNDS)[0]._1();
        Arrays.stream(configuration.getAllWithPrefix(ROUNDS))
                .map(setting -> ROUNDS + setting._1())
                .filter(setting -> !known(setting))
                .forEach(setting -> {
                    throw new IllegalArgumentException("there is no setting " + setting + "; it must be one of "
                            + EXECUTOR_CORES + ", " + EXECUTOR_MEMORY + ", " + EXECUTOR_OVERHEAD + ", " + EXECUTOR_GPUS
                            + ", " + SCRIPT + ", " + VENDOR + ", " + TASK_CPUS + " and " + TASK_GPUS);
                });
        if (here || !configuration.getBoolean(DYNAMIC, false)) {
            throw new IllegalArgumentException(
                    first + " asks for executors of their own for rounds, which Spark starts "
                            + "only on a cluster and with " + DYNAMIC
                            + "=true; set that, or give all executors GPUs: spark.executor.resource.gpu.amount");
        }
        try {
            var unused = of(configuration);
        } catch (RuntimeException | AssertionError e) {
            // The second is how Spark refuses amounts.
            throw new IllegalArgumentException(
                    "the settings " + ROUNDS + "* are no executors that Spark can start: " + SparkErrors.first(e), e);
        }
    }

    private static boolean known(String setting) {
        return switch (setting) {
            case EXECUTOR_CORES,
                    EXECUTOR_MEMORY,
                    EXECUTOR_OVERHEAD,
                    EXECUTOR_GPUS,
                    SCRIPT,
                    VENDOR,
                    TASK_CPUS,
                    TASK_GPUS -> true;
            default -> false;
        };
    }

    /** As the settings of an application say: executors of their own, or the application's. */
    static ExecutorResourceProfile of(SparkConf configuration) {
        if (!isWanted(configuration)) {
            return new ExecutorResourceProfile(Optional.empty());
        }
        ResourceProfile built = new ResourceProfileBuilder()
                .require(executor(configuration))
                .require(task(configuration))
                .build();
        return new ExecutorResourceProfile(Optional.of(built));
    }

    private static ExecutorResourceRequests executor(SparkConf configuration) {
        ExecutorResourceRequests executor = new ExecutorResourceRequests();
        text(configuration, EXECUTOR_CORES).map(Integer::parseInt).ifPresent(executor::cores);
        text(configuration, EXECUTOR_MEMORY).ifPresent(executor::memory);
        text(configuration, EXECUTOR_OVERHEAD).ifPresent(executor::memoryOverhead);
        text(configuration, EXECUTOR_GPUS)
                .ifPresent(amount -> executor.resource(
                        GPU, Long.parseLong(amount), configuration.get(SCRIPT, ""), configuration.get(VENDOR, "")));
        return executor;
    }

    private static TaskResourceRequests task(SparkConf configuration) {
        TaskResourceRequests task = new TaskResourceRequests();
        task.cpus(configuration.getInt(TASK_CPUS, 1));
        text(configuration, TASK_GPUS).map(Double::parseDouble).ifPresent(amount -> task.resource(GPU, amount));
        return task;
    }

    private static Optional<String> text(SparkConf configuration, String setting) {
        return Optional.ofNullable(configuration.get(setting, null));
    }

    /** The same work, on these executors. */
    <T> JavaRDD<T> on(JavaRDD<T> work) {
        return profile.map(work::withResources).orElse(work);
    }
}
