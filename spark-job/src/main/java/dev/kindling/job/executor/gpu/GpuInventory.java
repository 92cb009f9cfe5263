package dev.kindling.job.executor.gpu;

import java.util.List;

/** Says what GPUs there are, without computing on any. */
@FunctionalInterface
public interface GpuInventory {
    /**
     * The GPUs of this machine, in the order of their numbers.
     *
     * @throws dev.kindling.job.error.BackendUnavailableException if nobody can tell, with one sentence
     */
    List<GpuInfo> all();
}
