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
 * The resource profile of executors that only run rounds (Spark's stage-level scheduling):
 * {@code spark.kindling.executorProfile.X} is for them what {@code spark.X} is for the application's executors, for a few X.
 * So an application can request executors with GPUs for its rounds alone.
 */
final class ExecutorResourceProfile {
    /** Prefix of the settings of the application's executors. */
    static final String APPLICATION = "spark.";

    private static final String PREFIX = AssignedDevice.EXECUTOR_PROFILE;

    private static final String EXECUTOR_CORES = PREFIX + "executor.cores";
    private static final String EXECUTOR_MEMORY = PREFIX + "executor.memory";
    private static final String EXECUTOR_OVERHEAD = PREFIX + "executor.memoryOverhead";
    private static final String EXECUTOR_GPUS = PREFIX + GpuRequest.EXECUTOR;
    private static final String SCRIPT = PREFIX + "executor.resource.gpu.discoveryScript";
    private static final String VENDOR = PREFIX + "executor.resource.gpu.vendor";
    private static final String TASK_CPUS = PREFIX + "task.cpus";
    private static final String TASK_GPUS = PREFIX + GpuRequest.TASK;
    private static final String GPU = "gpu";
    private static final String DYNAMIC = "spark.dynamicAllocation.enabled";

    private final Optional<ResourceProfile> profile;

    private ExecutorResourceProfile(Optional<ResourceProfile> profile) {
        this.profile = profile;
    }

    /** The prefix of the settings of the executors that run rounds. */
    static String prefix(SparkConf configuration) {
        return isConfigured(configuration) ? PREFIX : APPLICATION;
    }

    private static boolean isConfigured(SparkConf configuration) {
        return configuration.getAllWithPrefix(PREFIX).length > 0;
    }

    /**
     * Checks the settings of the profile.
     *
     * @param isLocal whether Spark runs as threads of this JVM
     * @throws IllegalArgumentException if Spark cannot satisfy them
     */
    static void requireSatisfiable(SparkConf configuration, boolean isLocal) {
        if (!isConfigured(configuration)) {
            return;
        }
        String first = PREFIX + configuration.getAllWithPrefix(PREFIX)[0]._1();
        Arrays.stream(configuration.getAllWithPrefix(PREFIX))
                .map(setting -> PREFIX + setting._1())
                .filter(setting -> !known(setting))
                .forEach(setting -> {
                    throw new IllegalArgumentException("there is no setting " + setting + "; it must be one of "
                            + EXECUTOR_CORES + ", " + EXECUTOR_MEMORY + ", " + EXECUTOR_OVERHEAD + ", " + EXECUTOR_GPUS
                            + ", " + SCRIPT + ", " + VENDOR + ", " + TASK_CPUS + " and " + TASK_GPUS);
                });
        if (isLocal || !configuration.getBoolean(DYNAMIC, false)) {
            throw new IllegalArgumentException(first
                    + " requests executors for rounds alone, which Spark starts only on a cluster and with " + DYNAMIC
                    + "=true; set that, or give all executors GPUs: spark.executor.resource.gpu.amount");
        }
        try {
            var unused = of(configuration);
        } catch (RuntimeException | AssertionError e) {
            // Spark refuses amounts with AssertionError.
            throw new IllegalArgumentException(
                    "the settings " + PREFIX + "* describe executors that Spark cannot start: " + SparkErrors.first(e),
                    e);
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

    /** The profile that the settings of an application describe; without such settings, the application's own executors. */
    static ExecutorResourceProfile of(SparkConf configuration) {
        if (!isConfigured(configuration)) {
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

    /** The given RDD, computed on these executors. */
    <T> JavaRDD<T> on(JavaRDD<T> rdd) {
        return profile.map(rdd::withResources).orElse(rdd);
    }
}
