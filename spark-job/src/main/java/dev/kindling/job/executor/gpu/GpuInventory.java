package dev.kindling.job.executor.gpu;

import java.util.List;

/** Lists the GPUs of this machine, without computing on any. */
@FunctionalInterface
public interface GpuInventory {
    /**
     * The GPUs of this machine, in the order of their numbers.
     *
     * @throws dev.kindling.job.error.BackendUnavailableException if they cannot be determined, with a single-line message
     */
    List<GpuInfo> all();
}
