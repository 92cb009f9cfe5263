package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Window;
import java.util.List;

/**
 * Makes executable steps of one precision.
 *
 * @param <S> a step
 */
interface Emitter<S> {
    /**
     * c = s + a·b, m x n over k; a's element (i, x) is {@code i * aRow + x * aColumn} after its place, b and c are
     * row-major, s's rows are {@code sRow} apart.
     */
    S matmul(
            int m,
            int n,
            int k,
            BufferSlice a,
            int aRow,
            int aColumn,
            BufferSlice b,
            BufferSlice s,
            int sRow,
            BufferSlice c);

    /** d = a·bᵀ, m x n over k, all row-major. */
    S matmulTransposed(int m, int n, int k, BufferSlice a, BufferSlice b, BufferSlice d);

    /**
     * d = s + the gathered product of a and b, whose rows are n long.
     *
     * @param starts for each row of d, where its row of s begins
     */
    S windowMatmul(
            WindowIndexTable table, int n, BufferSlice a, BufferSlice b, BufferSlice s, int[] starts, BufferSlice d);

    /** d = images [height, width] with zeros around them. */
    S frame(BufferSlice d, WindowIndexTable.PaddedImages paddedImages, int height, int width, BufferSlice images);

    /** POOL_GATHER, POOL_SCATTER, WINDOW_SUM, WINDOW_SPREAD over so many images and channels. */
    S slide(Op op, Window window, int images, int channels, BufferSlice d, List<BufferSlice> args);

    /** n numbers drawn with a key of so many parts. */
    S uniform(BufferSlice d, int n, BufferSlice key, int parts);

    /** d = aᵀ, both row-major; a is [rows, columns]. */
    S transpose(BufferSlice d, BufferSlice a, int rows, int columns);

    S unary(Op op, BufferSlice d, BufferSlice a, int n);

    S binary(Op op, BufferSlice d, int rows, int n, StridedOperand a, StridedOperand b);

    /** d = a·b + c, or c - a·b where {@code op} is SUB; a and c run along rows. */
    S multiplyAdd(Op op, BufferSlice d, int rows, int n, StridedOperand a, StridedOperand b, StridedOperand c);

    /** d = a &gt; 0 ? b : 0; a runs along rows. */
    S mask(BufferSlice d, int rows, int n, StridedOperand a, StridedOperand b);

    S select(BufferSlice d, int n, BufferSlice condition, BufferSlice a, BufferSlice b);

    /** Sum over the middle of [outer, reduced, inner]. */
    S sum(BufferSlice d, int outer, int reduced, int inner, BufferSlice a);

    /** MAX, ARGMAX: over the last axis of [rows, n]; ONE_HOT: [rows] to [rows, n]. */
    S rowwise(Op op, BufferSlice d, int rows, int n, BufferSlice a);

    /** Rows of {@code width} at {@code k} indices out of {@code count} rows. */
    S gather(BufferSlice d, BufferSlice rows, int count, int width, BufferSlice indices, int k);

    S scatterAdd(BufferSlice d, int count, int width, BufferSlice indices, BufferSlice rows, int k);

    /** Copies element by element: extents, and strides on both sides; a source stride of 0 repeats. */
    S copy(BufferSlice d, int[] extents, int[] dStrides, BufferSlice a, int[] aStrides);

    S fill(BufferSlice d, int n, double value);

    S iota(BufferSlice d, int n);

    S loop(LoopInstruction<S> loop);
}
