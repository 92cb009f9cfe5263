package dev.kindling.job.backend.vector;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A planned loop: the steps of its body and the copies around them.
 *
 * @param count slice of the step count
 * @param initialCarries copies from the initial carries to the body's carries
 * @param perStep copies from stacks to the body's per-step inputs, one row of the stack per step
 * @param nextCarries copies from the body's outputs to its carries
 * @param stacked copies from the body's outputs to stacks, one row of the stack per step
 * @param stop slice of the stop predicate, read after each step; null if there is none
 * @param finalCarries copies from the body's carries to the results
 * @param stepsRun slice for the number of steps that ran; null if it is not read
 * @param <S> the type of a step
 */
record LoopInstruction<S>(
        BufferSlice count,
        int capacity,
        boolean backwards,
        List<S> body,
        List<Copy> initialCarries,
        List<Copy> perStep,
        List<Copy> nextCarries,
        List<Copy> stacked,
        @Nullable BufferSlice stop,
        List<Copy> finalCarries,
        @Nullable BufferSlice stepsRun) {
    /** A copy of {@code size} contiguous elements. */
    record Copy(BufferSlice from, BufferSlice to, int size) {}
}
