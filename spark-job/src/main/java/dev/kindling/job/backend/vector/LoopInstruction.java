package dev.kindling.job.backend.vector;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A planned repeat: the steps of its body and what moves around them.
 *
 * @param count where the count is read
 * @param firsts from the first carries to the body's carries
 * @param slices from stacks to the body's per-step inputs, one element of the stack a step
 * @param nexts from the body's outputs to its carries
 * @param stacked from the body's outputs to stacks, one element of the stack a step
 * @param stop where the stop predicate is read after a step, or null
 * @param finals from the body's carries to the results
 * @param done where the count of steps that ran is written, or null
 * @param <S> a step
 */
record LoopInstruction<S>(
        BufferSlice count,
        int capacity,
        boolean backwards,
        List<S> body,
        List<Move> firsts,
        List<Move> slices,
        List<Move> nexts,
        List<Move> stacked,
        @Nullable BufferSlice stop,
        List<Move> finals,
        @Nullable BufferSlice done) {
    /** A copy of {@code size} neighbours. */
    record Move(BufferSlice from, BufferSlice to, int size) {}
}
