package dev.kindling.job.runner;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import org.jspecify.annotations.Nullable;

/** A program for tasks of one shape, compiled when the first of them comes, once in a JVM. Thread-safe. */
final class Variant {
    private final Program program;
    private final Backend backend;
    private final CompileOptions options;
    /** Where the task's key stands in its inputs; below 0 where the program does not ask for it. */
    private final int keyAt;

    private volatile @Nullable Executable executable;

    Variant(Program program, Backend backend, CompileOptions options) {
        this.program = program;
        this.backend = backend;
        this.options = options;
        Layout inputs = program.taskInputs();
        this.keyAt = inputs.has(EpisodeLayout.KEY) ? inputs.offset(EpisodeLayout.KEY) : -1;
    }

    Program program() {
        return program;
    }

    int keyAt() {
        return keyAt;
    }

    /** Whether the program is for episodes of the given shapes. */
    boolean takes(EpisodeLayout layout) {
        return program.taskInputs().equals(layout.arrays())
                || program.taskInputs().equals(layout.arraysAndKey());
    }

    /** The compiled program; IllegalArgumentException if the backend refuses it. */
    Executable executable() {
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
