package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Window;
import java.util.List;

/**
 * Creates the executable steps of one precision. {@code d} or {@code c} is the destination of each.
 *
 * @param <S> the type of a step
 */
interface Emitter<S> {
    /**
     * c = s + a·b, m x n over k; a's element (i, x) is at {@code i * aRow + x * aColumn} from its start, b and c are
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

    /** Copies the running task's n elements of a into its row of d, whose rows have {@code row} elements, one for each task of a stage. */
    S stage(BufferSlice d, int row, BufferSlice a, int n);

    /** c = c + aᵀ·b, m x n, over the k rows of each staged task. */
    S stagedMatmul(int m, int n, int k, BufferSlice a, BufferSlice b, BufferSlice c);

    /** u = Cholesky's factor of the symmetric part of a, n x n; {@code work} is scratch memory of as many elements. */
    S factorise(int n, BufferSlice a, BufferSlice work, BufferSlice u);

    /** d = the solution for b, n x m, from a factor; {@code work} is scratch memory of as many elements. */
    S solve(int n, int m, BufferSlice u, BufferSlice b, BufferSlice work, BufferSlice d);

    /**
     * d = s + the window product of a and b, whose rows have n elements.
     *
     * @param starts for each row of d, the offset of its row of s
     */
    S windowMatmul(
            WindowIndexTable table, int n, BufferSlice a, BufferSlice b, BufferSlice s, int[] starts, BufferSlice d);

    /** d = images [height, width] with zero padding. */
    S pad(BufferSlice d, WindowIndexTable.PaddedImages paddedImages, int height, int width, BufferSlice images);

    /** POOL_GATHER, POOL_SCATTER, WINDOW_SUM, WINDOW_SPREAD. */
    S pooling(Op op, Window window, int images, int channels, BufferSlice d, List<BufferSlice> args);

    /** UNIFORM: n pseudorandom numbers from a key of {@code parts} elements. */
    S uniform(BufferSlice d, int n, BufferSlice key, int parts);

    /** d = aᵀ, both row-major; a is [rows, columns]. */
    S transpose(BufferSlice d, BufferSlice a, int rows, int columns);

    S unary(Op op, BufferSlice d, BufferSlice a, int n);

    S binary(Op op, BufferSlice d, int rows, int n, StridedOperand a, StridedOperand b);

    /** d = a·b + c, or c - a·b if {@code op} is SUB; a and c are not scalars. */
    S multiplyAdd(Op op, BufferSlice d, int rows, int n, StridedOperand a, StridedOperand b, StridedOperand c);

    /** d = a &gt; 0 ? b : 0; a is not a scalar. */
    S mask(BufferSlice d, int rows, int n, StridedOperand a, StridedOperand b);

    S select(BufferSlice d, int n, BufferSlice condition, BufferSlice a, BufferSlice b);

    /** Sum over the middle axis of [outer, reduced, inner]. */
    S sum(BufferSlice d, int outer, int reduced, int inner, BufferSlice a);

    /** MAX, ARGMAX: over the last axis of [rows, n]; ONE_HOT: [rows] to [rows, n]. */
    S rowwise(Op op, BufferSlice d, int rows, int n, BufferSlice a);

    /** GATHER of rows of {@code width} elements at {@code k} indices, each below {@code count}. */
    S gather(BufferSlice d, BufferSlice rows, int count, int width, BufferSlice indices, int k);

    /** Adds {@code k} rows of {@code width} elements, in order, to the rows of d at the indices, each below {@code count}. */
    S addRows(BufferSlice d, int count, int width, BufferSlice indices, BufferSlice rows, int k);

    /** Strided copy; a source stride of 0 broadcasts. */
    S copy(BufferSlice d, int[] extents, int[] dStrides, BufferSlice a, int[] aStrides);

    S fill(BufferSlice d, int n, double value);

    S iota(BufferSlice d, int n);

    S loop(LoopInstruction<S> loop);
}
