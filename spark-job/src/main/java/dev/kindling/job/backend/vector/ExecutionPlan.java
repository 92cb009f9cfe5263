package dev.kindling.job.backend.vector;

import java.util.List;

/**
 * A program laid out in flat arrays ("spaces").
 *
 * @param shared steps that run once per set of shared inputs
 * @param perTask steps that run once per task
 * @param taskInputs where the task's inputs begin
 * @param each where the per-task outputs stand, in order, and how long they are
 * @param sizes numbers in each space that the plan owns; 0 for the spaces that come from outside
 * @param <S> a step
 */
record ExecutionPlan<S>(
        List<S> shared, List<S> perTask, BufferSlice taskInputs, List<LoopInstruction.Move> each, int[] sizes) {
    /** The shared inputs. */
    static final int INPUTS = 0;

    /** The summed outputs. */
    static final int SUMS = 1;

    /** Zeros, never written: the start of a product. */
    static final int ZEROS = 2;

    /** Scratch of a single step. */
    static final int SCRATCH = 3;

    /** The values of level 0; those of level 1, 2, ... follow. */
    static final int LEVELS = 4;
}
