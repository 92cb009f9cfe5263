package dev.kindling.job.backend;

import dev.kindling.job.program.Program;

/** Compiles programs into executables; found by {@link java.util.ServiceLoader} through {@link Backends}. */
public interface Backend {
    /** The value of {@code backend.name} that this backend serves. */
    String name();

    /** Plans the program once; the executable is shared by all threads. */
    Executable compile(Program program, CompileOptions options);
}
