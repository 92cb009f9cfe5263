package dev.kindling.job.backend;

import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.program.Program;
import java.util.Optional;

/** Compiles programs into executables; found by {@link java.util.ServiceLoader} through {@link Backends}. */
public interface Backend {
    /** The value of {@code backend.name} that this backend serves. */
    String name();

    /**
     * The GPUs that this backend supports in this JVM; empty if it runs on the processor. Loads no native code, because a
     * thread's GPU is compared with this before {@link #requireAvailable} is called.
     */
    default Optional<GpuSupport> gpus() {
        return Optional.empty();
    }

    /**
     * Checks that the backend can run in this JVM.
     *
     * @throws BackendUnavailableException if something that the backend needs is missing; the message names the remedy
     */
    default void requireAvailable() {}

    /** Compiles a program into an executable that all threads share. */
    Executable compile(Program program, CompileOptions options);
}
