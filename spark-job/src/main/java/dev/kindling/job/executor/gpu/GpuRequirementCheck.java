package dev.kindling.job.executor.gpu;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.GpuSupport;
import dev.kindling.job.error.BackendUnavailableException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Checks that a backend can compute on the GPU that Spark has assigned, before its native code is loaded: CUDA's error for a
 * missing kernel names neither kernel nor GPU.
 *
 * @param inventory of the machine's GPUs
 * @param order the value of {@code CUDA_DEVICE_ORDER} in this JVM's environment, empty if it is not set
 */
public record GpuRequirementCheck(GpuInventory inventory, Optional<String> order) {
    /** The environment variable that determines how CUDA numbers GPUs. */
    public static final String ORDER = "CUDA_DEVICE_ORDER";

    private static final String AS_NVIDIA_SMI = "PCI_BUS_ID";
    private static final int MEBIBYTE = 20;

    /**
     * The requirements of a job.
     *
     * @param backend the job's {@code backend.name}
     * @param support of its backend for GPUs
     * @param threads number of Spark tasks that share one GPU
     * @param memoryBytes memory budget of each of them
     */
    public record Requirements(String backend, GpuSupport support, int threads, long memoryBytes) {
        private long bytes() {
            return support.bytes() + threads * memoryBytes;
        }
    }

    /**
     * Throws unless the device satisfies the requirements.
     *
     * @throws BackendUnavailableException with a single-line message that names the device, its properties and a remedy
     */
    public void require(Device device, Requirements requirements) {
        if (!(device instanceof Device.Gpu gpu)) {
            throw new BackendUnavailableException("backend.name is " + requirements.backend()
                    + ", whose libraries on this executor compute on GPUs, but Spark has assigned none to the Spark task; "
                    + "spark.executor.resource.gpu.amount and spark.task.resource.gpu.amount must be set");
        }
        List<GpuInfo> all = inventory.all();
        requireOrder(all);
        Optional<GpuInfo> info =
                all.stream().filter(each -> each.isAt(gpu.address())).findFirst();
        // The GPU of a MIG instance is not known: it may be any.
        info.or(() -> all.stream().max(Comparator.comparing(GpuInfo::capability)))
                .ifPresentOrElse(each -> requireCode(gpu, each, requirements), () -> {
                    throw new BackendUnavailableException(
                            "Spark has assigned a Spark task " + gpu + ", but nvidia-smi sees no GPU on this machine");
                });
        info.ifPresent(each -> requireMemory(gpu, each, requirements));
    }

    private void requireOrder(List<GpuInfo> all) {
        if (all.size() > 1 && !order.equals(Optional.of(AS_NVIDIA_SMI))) {
            throw new BackendUnavailableException(ORDER + " is " + order.orElse("not set")
                    + " on this executor; it must be " + AS_NVIDIA_SMI
                    + ", or CUDA numbers the machine's " + all.size() + " GPUs differently from nvidia-smi: set "
                    + "spark.executorEnv." + ORDER);
        }
    }

    private static void requireCode(Device.Gpu gpu, GpuInfo info, Requirements requirements) {
        if (!requirements.support().includes(info.capability())) {
            throw new BackendUnavailableException(gpu + " (" + info.name() + ") has compute capability "
                    + info.capability() + ", and the " + requirements.backend() + " backend has code for "
                    + requirements.support().minCapability() + " to "
                    + requirements.support().maxCapability()
                    + "; set backend.name = vector, which computes on the processor, or use another GPU");
        }
    }

    private static void requireMemory(Device.Gpu gpu, GpuInfo info, Requirements requirements) {
        OptionalLong free = info.free();
        if (free.isPresent() && free.getAsLong() < requirements.bytes()) {
            throw new BackendUnavailableException(gpu + " (" + info.name() + ") has "
                    + mebibytes(free.getAsLong()) + " free, and the job needs " + mebibytes(requirements.bytes()) + ": "
                    + mebibytes(requirements.support().bytes()) + " for libraries and "
                    + mebibytes(requirements.memoryBytes())
                    + " (backend.memory) for each of " + requirements.threads()
                    + " Spark tasks on it; lower backend.memory, let fewer Spark tasks share a GPU "
                    + "(spark.task.resource.gpu.amount), or end other processes that use its memory");
        }
    }

    private static String mebibytes(long bytes) {
        return (bytes >> MEBIBYTE) + " MiB";
    }
}
