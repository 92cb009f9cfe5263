package dev.kindling.job.backend.vector;

import java.util.List;

/**
 * The planned program: its steps, and the layout of its values in flat buffers ("spaces").
 *
 * @param perRound steps that run once per set of broadcast inputs
 * @param perTask steps that run once per task
 * @param perStage steps that run after every {@link #STAGED_TASKS} tasks and after the last: products over operands that the
 *     tasks have staged
 * @param taskInputs start of the task's inputs
 * @param perTaskOutputs copies of the per-task outputs into a task's row of them, in order
 * @param sizes elements of each space that the workspace allocates; 0 for the spaces of the caller
 * @param <S> the type of a step
 */
record ExecutionPlan<S>(
        List<S> perRound,
        List<S> perTask,
        List<S> perStage,
        BufferSlice taskInputs,
        List<LoopInstruction.Copy> perTaskOutputs,
        int[] sizes) {
    /** The broadcast inputs. */
    static final int INPUTS = 0;

    /** The summed outputs. */
    static final int SUMS = 1;

    /** Zeros, never written: the initial value of products. */
    static final int ZEROS = 2;

    /** Scratch memory of a single step. */
    static final int SCRATCH = 3;

    /** How many tasks were staged before the running one; then the operands of the tasks that are staged. */
    static final int STAGED = 4;

    /** The values of level 0; those of level 1, 2, ... follow. */
    static final int LEVELS = 5;

    /** The most tasks whose operands are staged before they are multiplied. */
    static final int STAGED_TASKS = 4;
}
