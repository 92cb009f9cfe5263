package dev.kindling.job.runner;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import org.jspecify.annotations.Nullable;

/** A program for tasks of one shape, compiled when the first of them comes, once in a JVM. Thread-safe. */
final class CompiledVariant {
    private final Program program;
    private final Backend backend;
    private final CompileOptions options;
    /** Where the task's key stands in its inputs; below 0 where the program does not ask for it. */
    private final int keyAt;
    /** Where the task's round stands in its inputs; below 0 where the program does not ask for it. */
    private final int roundAt;

    private volatile @Nullable Executable executable;

    CompiledVariant(Program program, Backend backend, CompileOptions options) {
        this.program = program;
        this.backend = backend;
        this.options = options;
        Layout inputs = program.taskInputs();
        this.keyAt = inputs.has(EpisodeLayout.KEY) ? inputs.offset(EpisodeLayout.KEY) : -1;
        this.roundAt = inputs.has(EpisodeLayout.ROUND) ? inputs.offset(EpisodeLayout.ROUND) : -1;
    }

    Program program() {
        return program;
    }

    /** Writes what the program asks for beside the episode of a task, whose inputs begin at {@code offset}. */
    void putAsked(TaskSpec spec, FlatVector target, int offset) {
        if (keyAt >= 0) {
            int[] key = spec.key();
            for (int i = 0; i < key.length; i++) {
                target.set(offset + keyAt + i, key[i]);
            }
        }
        if (roundAt >= 0) {
            target.set(offset + roundAt, (double) spec.round());
        }
    }

    /** Whether the program is for episodes of the given shapes. */
    boolean takes(EpisodeLayout layout) {
        Layout inputs = program.taskInputs();
        int arrays = Math.min(layout.arrays().entries().size(), inputs.entries().size());
        return layout.arraysAnd(inputs.names().subList(arrays, inputs.entries().size()))
                .equals(inputs);
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
