package dev.kindling.job.backend;

import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.program.Program;
import dev.kindling.job.tensor.Precision;

/** A compiled program. Immutable and shared by all threads; each thread runs it through a workspace of its own. */
public interface Executable {
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
     * A workspace for a thread that was given a device; used from then on by threads of that device alone, by one at a time.
     * A backend without code for the device computes on the processor.
     *
     * @throws BackendUnavailableException if the backend has code for GPUs alone and was given the processor, or the device
     *     cannot run it, with one sentence that names the device and what to change
     */
    Workspace workspace(Device device);
}
