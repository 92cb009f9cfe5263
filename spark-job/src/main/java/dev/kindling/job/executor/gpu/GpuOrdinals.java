package dev.kindling.job.executor.gpu;

import dev.kindling.job.backend.Device;
import dev.kindling.job.error.BackendUnavailableException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Maps the GPU address that Spark assigns to a Spark task to CUDA's device ordinal in this JVM.
 *
 * <p>Spark passes on the output of the discovery script of the worker or the executor, which names a GPU as
 * {@code nvidia-smi} does: by its number in the order of PCI buses, or its id. CUDA numbers GPUs differently in two cases. By
 * default the fastest GPU is first; {@code CUDA_DEVICE_ORDER=PCI_BUS_ID}, with which executors are started, gives the order
 * of {@code nvidia-smi}. If {@code CUDA_VISIBLE_DEVICES} is set, CUDA sees only the GPUs of that list, in its order: an ordinal
 * is then an index in the list, and an address that is not in the list is refused and never taken for an index.
 */
public final class GpuOrdinals {
    /** The environment variable that hides GPUs from CUDA. */
    public static final String VISIBLE = "CUDA_VISIBLE_DEVICES";

    private static final String MIG = "MIG-";
    private static final String NUMBER = "[0-9]{1,9}";

    private GpuOrdinals() {}

    /**
     * The device of a Spark task.
     *
     * @param addresses that Spark assigns to it
     * @param visible the value of {@link #VISIBLE}, empty if it is not set
     * @param inventory queried only if ids must be matched with numbers
     * @throws IllegalArgumentException unless there is exactly one address
     * @throws BackendUnavailableException if CUDA does not see the GPU
     */
    public static Device.Gpu gpu(List<String> addresses, Optional<String> visible, GpuInventory inventory) {
        if (addresses.size() != 1) {
            throw new IllegalArgumentException(
                    "Spark assigns one Spark task " + addresses.size() + " GPUs (" + addresses
                            + "), and it computes on one; spark.task.resource.gpu.amount must be 1, or less where Spark tasks share a GPU");
        }
        String address = addresses.get(0);
        return new Device.Gpu(
                address,
                visible.map(list -> ordinalIn(address, list, inventory)).orElseGet(() -> ofAll(address, inventory)));
    }

    private static int ofAll(String address, GpuInventory inventory) {
        if (address.startsWith(MIG)) {
            throw new BackendUnavailableException("Spark assigns a Spark task the MIG instance " + address
                    + " of a GPU, which CUDA shows a process only where " + VISIBLE
                    + " names it; it must be set in the environment of that executor");
        }
        if (address.matches(NUMBER)) {
            return Integer.parseInt(address);
        }
        List<GpuInfo> all = inventory.all();
        for (int index = 0; index < all.size(); index++) {
            if (all.get(index).uuid().equals(address)) {
                return index;
            }
        }
        throw new BackendUnavailableException("Spark assigns a Spark task the GPU " + address
                + ", which is not on this machine; it has "
                + all.stream().map(GpuInfo::uuid).toList()
                + "; the discovery script must name these, or their numbers");
    }

    private static int ordinalIn(String address, String visible, GpuInventory inventory) {
        List<String> list = Arrays.stream(visible.split(",")).map(String::strip).toList();
        // CUDA shows a process only the first MIG instance of the list.
        List<String> shown = visible.startsWith(MIG) ? list.subList(0, 1) : list;
        for (int index = 0; index < shown.size(); index++) {
            if (same(address, shown.get(index), inventory)) {
                return index;
            }
        }
        throw new BackendUnavailableException("Spark assigns a Spark task the GPU " + address + ", which " + VISIBLE
                + " hides from it: it is \"" + visible
                + "\"; the discovery script must name those GPUs alone, by the same names");
    }

    private static boolean same(String address, String entry, GpuInventory inventory) {
        if (address.equals(entry)) {
            return true;
        }
        return address.matches(NUMBER) ? isSameGpu(address, entry, inventory) : isSameGpu(entry, address, inventory);
    }

    /** Whether a number and an id are of one GPU; CUDA accepts abbreviated ids, too. */
    private static boolean isSameGpu(String number, String id, GpuInventory inventory) {
        return number.matches(NUMBER)
                && id.startsWith("GPU-")
                && inventory.all().stream()
                        .anyMatch(info -> info.index() == Integer.parseInt(number)
                                && info.uuid().startsWith(id));
    }
}
