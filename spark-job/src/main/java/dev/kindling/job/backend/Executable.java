package dev.kindling.job.backend;

import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.Precision;

/** A compiled program. Immutable and shared by all threads; each thread runs it through a workspace of its own. */
public interface Executable {
    /** The program as it was given to the backend, before any pass. */
    Program program();

    Precision precision();

    /**
     * A workspace on the processor.
     *
     * @throws BackendUnavailableException as {@link #workspace(Device)}
     */
    default Workspace workspace() {
        return workspace(Device.PROCESSOR);
    }

    /**
     * A workspace for a thread with the given device. It may move between threads of that device, and is used by one thread
     * at a time. A backend without code for the device computes on the processor.
     *
     * @throws BackendUnavailableException if the backend has code for GPUs only and the device is the processor, or if the
     *     device cannot run it; the message names the device and the remedy
     */
    Workspace workspace(Device device);
}
