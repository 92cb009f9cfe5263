package dev.kindling.job.executor.gpu;

import dev.kindling.job.backend.Device;
import dev.kindling.job.backend.GpuSupport;
import dev.kindling.job.error.BackendUnavailableException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Whether a backend can compute on the GPU that Spark has assigned: found out before its native code is loaded, because a
 * kernel that a GPU has no code for ends in an error of CUDA's that names neither.
 *
 * @param inventory says what GPUs there are
 * @param order the value of {@code CUDA_DEVICE_ORDER} in this JVM's environment, empty where it is not set
 */
public record GpuRequirementCheck(GpuInventory inventory, Optional<String> order) {
    /** The variable of the environment that says how CUDA counts. */
    public static final String ORDER = "CUDA_DEVICE_ORDER";

    private static final String AS_NVIDIA_SMI = "PCI_BUS_ID";
    private static final int MEBIBYTE = 20;

    /**
     * What a job needs of a GPU.
     *
     * @param backend the job's {@code backend.name}
     * @param support what its backend has code for
     * @param threads Spark tasks that share one GPU
     * @param memoryBytes budget of each of them
     */
    public record Requirements(String backend, GpuSupport support, int threads, long memoryBytes) {
        private long bytes() {
            return support.bytes() + threads * memoryBytes;
        }
    }

    /**
     * Refuses a device that cannot do what a job needs.
     *
     * @throws BackendUnavailableException with one sentence that names the device, what it has and what to change
     */
    public void require(Device device, Requirements requirements) {
        if (!(device instanceof Device.Gpu gpu)) {
            throw new BackendUnavailableException("backend.name is " + requirements.backend()
                    + ", whose libraries on this executor compute on GPUs, but Spark has given the Spark task none; "
                    + "spark.executor.resource.gpu.amount and spark.task.resource.gpu.amount must be set");
        }
        List<GpuInfo> all = inventory.all();
        requireOrder(all);
        Optional<GpuInfo> card =
                all.stream().filter(each -> each.isAt(gpu.address())).findFirst();
        // Of a slice the card is not known: it may be any.
        card.or(() -> all.stream().max(Comparator.comparing(GpuInfo::capability)))
                .ifPresentOrElse(each -> requireCode(gpu, each, requirements), () -> {
                    throw new BackendUnavailableException(
                            "Spark has given a Spark task " + gpu + ", but nvidia-smi sees no GPU on this machine");
                });
        card.ifPresent(each -> requireMemory(gpu, each, requirements));
    }

    private void requireOrder(List<GpuInfo> all) {
        if (all.size() > 1 && !order.equals(Optional.of(AS_NVIDIA_SMI))) {
            throw new BackendUnavailableException(ORDER + " is " + order.orElse("not set")
                    + " on this executor; it must be " + AS_NVIDIA_SMI
                    + ", or CUDA counts the machine's " + all.size() + " GPUs otherwise than nvidia-smi: set "
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
                    + "(spark.task.resource.gpu.amount), or end what else uses its memory");
        }
    }

    private static String mebibytes(long bytes) {
        return (bytes >> MEBIBYTE) + " MiB";
    }
}
