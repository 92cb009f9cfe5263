package dev.kindling.job.executor.gpu;

import dev.kindling.job.backend.GpuSupport;
import java.util.OptionalLong;

/**
 * A GPU of this machine.
 *
 * @param index its number in the order of PCI buses, as {@code nvidia-smi} numbers GPUs
 * @param uuid its id, {@code GPU-...}
 * @param name product name
 * @param free bytes of free memory; empty if unknown, as for a GPU with MIG instances
 */
public record GpuInfo(int index, String uuid, String name, GpuSupport.Capability capability, OptionalLong free) {
    private static final String ID = "GPU-";

    /** Whether an address of Spark's is this GPU's; an id may be abbreviated, as in CUDA. */
    boolean isAt(String address) {
        return (address.startsWith(ID) && uuid.startsWith(address)) || address.equals(Integer.toString(index));
    }
}
