package dev.kindling.job.backend;

import dev.kindling.job.program.Program;
import org.jspecify.annotations.Nullable;

/** A program that is compiled once, when it is first needed. Thread-safe. */
public final class LazyExecutable {
    private final Program program;
    private final Backend backend;
    private final CompileOptions options;
    private volatile @Nullable Executable executable;

    public LazyExecutable(Program program, Backend backend, CompileOptions options) {
        this.program = program;
        this.backend = backend;
        this.options = options;
    }

    /** The program that is compiled. */
    public Program program() {
        return program;
    }

    /** The compiled program; IllegalArgumentException if the backend refuses it. */
    public Executable executable() {
        Executable ready = executable;
        if (ready == null) {
            synchronized (this) {
                ready = executable;
                if (ready == null) {
                    ready = backend.compile(program, options);
                    executable = ready;
                }
            }
        }
        return ready;
    }
}
