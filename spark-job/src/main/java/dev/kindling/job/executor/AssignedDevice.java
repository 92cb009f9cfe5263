package dev.kindling.job.executor;

import dev.kindling.job.backend.Device;
import dev.kindling.job.executor.gpu.NvidiaSmi;
import dev.kindling.job.executor.gpu.Ordinals;
import java.util.List;
import java.util.Optional;
import org.apache.spark.TaskContext;
import org.apache.spark.resource.ResourceInformation;

/** The device that Spark has assigned to a Spark task. */
final class AssignedDevice {
    /** Spark's name of the resource, in its settings and for its tasks. */
    private static final String RESOURCE = "gpu";

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
                : Ordinals.gpu(
                        List.of(gpus.addresses()),
                        Optional.ofNullable(System.getenv(Ordinals.VISIBLE)),
                        new NvidiaSmi());
    }
}
