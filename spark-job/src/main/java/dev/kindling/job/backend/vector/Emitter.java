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
    S product(int m, int n, int k, Place a, int aRow, int aColumn, Place b, Place s, int sRow, Place c);

    /** d = a·bᵀ, m x n over k, all row-major. */
    S dots(int m, int n, int k, Place a, Place b, Place d);

    /**
     * d = s + the gathered product of a and b, whose rows are n long.
     *
     * @param starts for each row of d, where its row of s begins
     */
    S gathered(Taps taps, int n, Place a, Place b, Place s, int[] starts, Place d);

    /** d = images [height, width] with zeros around them. */
    S frame(Place d, Taps.Frame frame, int height, int width, Place images);

    /** POOL_GATHER, POOL_SCATTER, WINDOW_SUM, WINDOW_SPREAD over so many images and channels. */
    S slide(Op op, Window window, int images, int channels, Place d, List<Place> args);

    /** n numbers drawn with a key of so many parts. */
    S uniform(Place d, int n, Place key, int parts);

    /** d = aᵀ, both row-major; a is [rows, columns]. */
    S transpose(Place d, Place a, int rows, int columns);

    S unary(Op op, Place d, Place a, int n);

    S binary(Op op, Place d, int rows, int n, Operand a, Operand b);

    /** d = a·b + c, or c - a·b where {@code op} is SUB; a and c run along rows. */
    S multiplyAdd(Op op, Place d, int rows, int n, Operand a, Operand b, Operand c);

    /** d = a &gt; 0 ? b : 0; a runs along rows. */
    S mask(Place d, int rows, int n, Operand a, Operand b);

    S select(Place d, int n, Place condition, Place a, Place b);

    /** Sum over the middle of [outer, reduced, inner]. */
    S sum(Place d, int outer, int reduced, int inner, Place a);

    /** MAX, ARGMAX: over the last axis of [rows, n]; ONE_HOT: [rows] to [rows, n]. */
    S alongLast(Op op, Place d, int rows, int n, Place a);

    /** Rows of {@code width} at {@code k} indices out of {@code count} rows. */
    S gather(Place d, Place rows, int count, int width, Place indices, int k);

    S scatterAdd(Place d, int count, int width, Place indices, Place rows, int k);

    /** Copies element by element: extents, and strides on both sides; a source stride of 0 repeats. */
    S copy(Place d, int[] extents, int[] dStrides, Place a, int[] aStrides);

    S fill(Place d, int n, double value);

    S iota(Place d, int n);

    S repeat(Loop<S> loop);
}
