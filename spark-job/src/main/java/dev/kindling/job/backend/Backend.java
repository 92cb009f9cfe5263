package dev.kindling.job.backend;

import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.program.Program;
import java.util.Optional;

/** Compiles programs into executables; found by {@link java.util.ServiceLoader} through {@link Backends}. */
public interface Backend {
    /** The value of {@code backend.name} that this backend serves. */
    String name();

    /**
     * The GPUs that this backend runs on in this JVM; empty where it runs on the processor. Answered without loading native
     * code: whether a thread's GPU is one of them is held against this before {@link #requireAvailable}.
     */
    default Optional<GpuSupport> gpus() {
        return Optional.empty();
    }

    /**
     * Refuses to run in this JVM.
     *
     * @throws BackendUnavailableException if something that the backend needs is missing, with one sentence that says what
     *     to do
     */
    default void requireAvailable() {}

    /** Plans the program once; the executable is shared by all threads. */
    Executable compile(Program program, CompileOptions options);
}
