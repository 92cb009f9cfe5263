package dev.kindling.job.executor.gpu;

import dev.kindling.job.backend.Device;
import dev.kindling.job.error.BackendUnavailableException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Which of the GPUs that CUDA shows this JVM is meant by the address that Spark gives a Spark task.
 *
 * <p>Spark hands on what the discovery script of the worker or the executor says, and that is what {@code nvidia-smi} calls a
 * GPU: its number in the order of PCI buses, or its id. CUDA counts otherwise in two cases. By itself it puts the fastest
 * GPU first: {@code CUDA_DEVICE_ORDER=PCI_BUS_ID}, which executors are started with, makes it count like
 * {@code nvidia-smi}. And where {@code CUDA_VISIBLE_DEVICES} is set, it sees only the GPUs of that list, and counts in the
 * list's order: so there an ordinal is a place in the list, and an address that the list lacks is refused and never taken for
 * a place.
 */
public final class GpuOrdinals {
    /** The variable of the environment that hides GPUs from CUDA. */
    public static final String VISIBLE = "CUDA_VISIBLE_DEVICES";

    private static final String SLICE = "MIG-";
    private static final String NUMBER = "[0-9]{1,9}";

    private GpuOrdinals() {}

    /**
     * The GPU of a Spark task.
     *
     * @param addresses that Spark gives it
     * @param visible the value of {@link #VISIBLE}, empty where it is not set
     * @param inventory asked only where ids must be told from numbers
     * @throws IllegalArgumentException if there is not one address
     * @throws BackendUnavailableException if CUDA does not see the GPU
     */
    public static Device.Gpu gpu(List<String> addresses, Optional<String> visible, GpuInventory inventory) {
        if (addresses.size() != 1) {
            throw new IllegalArgumentException(
                    "Spark gives one Spark task " + addresses.size() + " GPUs (" + addresses
                            + "), and it computes on one; spark.task.resource.gpu.amount must be 1, or less where Spark tasks share a GPU");
        }
        String address = addresses.get(0);
        return new Device.Gpu(
                address,
                visible.map(list -> place(address, list, inventory)).orElseGet(() -> ofAll(address, inventory)));
    }

    private static int ofAll(String address, GpuInventory inventory) {
        if (address.startsWith(SLICE)) {
            throw new BackendUnavailableException("Spark gives a Spark task the slice " + address
                    + " of a GPU, which CUDA shows a process only where " + VISIBLE
                    + " names it; it must be set in the environment of that executor");
        }
        if (address.matches(NUMBER)) {
            return Integer.parseInt(address);
        }
        List<GpuInfo> all = inventory.all();
        for (int place = 0; place < all.size(); place++) {
            if (all.get(place).uuid().equals(address)) {
                return place;
            }
        }
        throw new BackendUnavailableException("Spark gives a Spark task the GPU " + address
                + ", which is not on this machine; it has "
                + all.stream().map(GpuInfo::uuid).toList()
                + "; the discovery script must name these, or their numbers");
    }

    private static int place(String address, String visible, GpuInventory inventory) {
        List<String> list = Arrays.stream(visible.split(",")).map(String::strip).toList();
        // Of slices CUDA shows a process the first of the list and no other.
        List<String> shown = visible.startsWith(SLICE) ? list.subList(0, 1) : list;
        for (int place = 0; place < shown.size(); place++) {
            if (same(address, shown.get(place), inventory)) {
                return place;
            }
        }
        throw new BackendUnavailableException("Spark gives a Spark task the GPU " + address + ", which " + VISIBLE
                + " hides from it: it is \"" + visible
                + "\"; the discovery script must name those GPUs alone, by the same names");
    }

    private static boolean same(String address, String entry, GpuInventory inventory) {
        if (address.equals(entry)) {
            return true;
        }
        return address.matches(NUMBER) ? isCard(address, entry, inventory) : isCard(entry, address, inventory);
    }

    /** Whether a number and an id are one card; CUDA takes the beginning of an id, too. */
    private static boolean isCard(String number, String id, GpuInventory inventory) {
        return number.matches(NUMBER)
                && id.startsWith("GPU-")
                && inventory.all().stream()
                        .anyMatch(info -> info.index() == Integer.parseInt(number)
                                && info.uuid().startsWith(id));
    }
}
