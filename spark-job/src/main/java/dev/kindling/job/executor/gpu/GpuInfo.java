package dev.kindling.job.executor.gpu;

import dev.kindling.job.backend.GpuSupport;
import java.util.OptionalLong;

/**
 * A GPU of this machine.
 *
 * @param index its number in the order of PCI buses, as {@code nvidia-smi} counts
 * @param uuid its id, {@code GPU-...}
 * @param name as its maker calls it
 * @param free bytes of its memory that nobody uses; empty where it does not say, as one that is cut into slices
 */
public record GpuInfo(int index, String uuid, String name, GpuSupport.Capability capability, OptionalLong free) {
    private static final String ID = "GPU-";

    /** Whether an address of Spark's is this card's; an id may be shortened, as CUDA takes it. */
    boolean isAt(String address) {
        return (address.startsWith(ID) && uuid.startsWith(address)) || address.equals(Integer.toString(index));
    }
}
