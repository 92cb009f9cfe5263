package dev.kindling.job.runner;

import dev.kindling.job.backend.Backend;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.LazyExecutable;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;

/** A program variant for tasks of one shape, compiled once per JVM, when its first task arrives. Thread-safe. */
final class CompiledVariant {
    private final LazyExecutable compiled;
    /** Offset of the task's key in its inputs; negative if the program has no such input. */
    private final int keyOffset;
    /** Offset of the task's round in its inputs; negative if the program has no such input. */
    private final int roundOffset;

    CompiledVariant(Program program, Backend backend, CompileOptions options) {
        this.compiled = new LazyExecutable(program, backend, options);
        Layout inputs = program.taskInputs();
        this.keyOffset = inputs.has(EpisodeLayout.KEY) ? inputs.offset(EpisodeLayout.KEY) : -1;
        this.roundOffset = inputs.has(EpisodeLayout.ROUND) ? inputs.offset(EpisodeLayout.ROUND) : -1;
    }

    Program program() {
        return compiled.program();
    }

    /** Writes the task key and the round, if the program has them as inputs, into inputs that begin at {@code offset}. */
    void writeKeyAndRound(TaskSpec spec, FlatVector target, int offset) {
        if (keyOffset >= 0) {
            int[] key = spec.key();
            for (int i = 0; i < key.length; i++) {
                target.set(offset + keyOffset + i, key[i]);
            }
        }
        if (roundOffset >= 0) {
            target.set(offset + roundOffset, (double) spec.round());
        }
    }

    /** Whether the program takes episodes of the given shapes. */
    boolean takes(EpisodeLayout layout) {
        Layout inputs = program().taskInputs();
        int arrays = Math.min(layout.arrays().entries().size(), inputs.entries().size());
        return layout.arraysAnd(inputs.names().subList(arrays, inputs.entries().size()))
                .equals(inputs);
    }

    /** The compiled program; IllegalArgumentException if the backend refuses it. */
    Executable executable() {
        return compiled.executable();
    }
}
