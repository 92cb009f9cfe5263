package dev.kindling.job.executor;

import dev.kindling.job.backend.Device;
import dev.kindling.job.executor.gpu.GpuInfo;
import dev.kindling.job.executor.gpu.GpuOrdinals;
import dev.kindling.job.executor.gpu.GpuRequirementCheck;
import dev.kindling.job.executor.gpu.NvidiaSmi;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/** The device that Spark has assigned to a Spark task. */
public final class AssignedDevice {
    /**
     * Prefix of the settings of executors that only run rounds: {@code spark.kindling.executorProfile.X} is for them what
     * {@code spark.X} is for the application's executors.
     */
    public static final String EXECUTOR_PROFILE = "spark.kindling.executorProfile.";

    /** Spark's name of the resource, in its settings and for its tasks. */
    private static final String RESOURCE = "gpu";

    private static List<GpuInfo> infos = List.of();

    private AssignedDevice() {}

    /**
     * The device of the calling thread's task: the processor if Spark assigns it no GPU, as in local mode.
     *
     * @throws IllegalArgumentException as {@link GpuOrdinals#gpu}
     * @throws dev.kindling.job.error.BackendUnavailableException as {@link GpuOrdinals#gpu}
     */
    static Device ofTask() {
        ResourceInformation gpus = TaskContext.get().resourcesJMap().get(RESOURCE);
        return gpus == null
                ? Device.PROCESSOR
                : GpuOrdinals.gpu(List.of(gpus.addresses()), environment(GpuOrdinals.VISIBLE), AssignedDevice::known);
    }

    /** The GPUs of this machine, queried once: a query starts a process. */
    private static synchronized List<GpuInfo> known() {
        if (infos.isEmpty()) {
            infos = new NvidiaSmi().all();
        }
        return infos;
    }

    /** The check of this machine's GPUs against a job's requirements. */
    static GpuRequirementCheck requirementCheck() {
        return new GpuRequirementCheck(new NvidiaSmi(), environment(GpuRequirementCheck.ORDER));
    }

    /** Number of Spark tasks that may share one GPU, limited by the share of each and by the executor's cores. */
    static int sharing() {
        return sharing(SparkEnv.get().conf());
    }

    static int sharing(SparkConf settings) {
        double share = number(settings, "task.resource.gpu.amount", 1);
        double cores = number(settings, "executor.cores", Double.POSITIVE_INFINITY);
        double together =
                Math.min(share > 0 && share < 1 ? Math.floor(1 / share) : 1, cores / number(settings, "task.cpus", 1));
        return (int) Math.max(1, together);
    }

    /** A setting of the executors that run rounds. */
    private static double number(SparkConf settings, String key, double otherwise) {
        return settings.getDouble(EXECUTOR_PROFILE + key, settings.getDouble("spark." + key, otherwise));
    }

    private static Optional<String> environment(String variable) {
        return Optional.ofNullable(System.getenv(variable));
    }
}
