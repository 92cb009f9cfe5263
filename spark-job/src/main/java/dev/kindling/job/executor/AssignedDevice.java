package dev.kindling.job.executor;

import dev.kindling.job.backend.Device;
import dev.kindling.job.executor.gpu.Fitness;
import dev.kindling.job.executor.gpu.NvidiaSmi;
import dev.kindling.job.executor.gpu.Ordinals;
import java.util.List;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/** The device that Spark has assigned to a Spark task. */
public final class AssignedDevice {
    /**
     * Begins the settings of executors of their own for rounds: {@code spark.kindling.rounds.X} is for them what
     * {@code spark.X} is for the application's.
     */
    public static final String ROUNDS = "spark.kindling.rounds.";

    /** Spark's name of the resource, in its settings and for its tasks. */
    private static final String RESOURCE = "gpu";

    private static final String SHARE = "task.resource.gpu.amount";

    private AssignedDevice() {}

    /**
     * That of the calling thread's task: the processor where Spark gives it no GPU, as in local mode.
     *
     * @throws IllegalArgumentException as {@link Ordinals#gpu}
     * @throws dev.kindling.job.backend.BackendUnavailableException as {@link Ordinals#gpu}
     */
    static Device ofTask() {
        ResourceInformation gpus = TaskContext.get().resourcesJMap().get(RESOURCE);
        return gpus == null
                ? Device.PROCESSOR
                : Ordinals.gpu(List.of(gpus.addresses()), environment(Ordinals.VISIBLE), new NvidiaSmi());
    }

    /** What tells whether such a device is of use, on this machine. */
    static Fitness fitness() {
        return new Fitness(new NvidiaSmi(), environment(Fitness.ORDER));
    }

    /** How many Spark tasks may share one GPU. */
    static int sharing() {
        SparkConf settings = SparkEnv.get().conf();
        double share = settings.getDouble(ROUNDS + SHARE, settings.getDouble("spark." + SHARE, 1));
        return share > 0 && share < 1 ? (int) (1 / share) : 1;
    }

    private static Optional<String> environment(String variable) {
        return Optional.ofNullable(System.getenv(variable));
    }
}
