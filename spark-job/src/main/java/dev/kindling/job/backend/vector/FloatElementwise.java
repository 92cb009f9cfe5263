package dev.kindling.job.backend.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementwise kernels over n contiguous elements. A scalar operand is passed as a number. Every loop processes full vectors,
 * then the remaining elements one by one with the same arithmetic.
 */
final class FloatElementwise {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int W = S.length();

    private FloatElementwise() {}

    /** d = a + b */
    static void add(float[] d, int dAt, int n, float[] a, int aAt, float[] b, int bAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i)
                    .add(FloatVector.fromArray(S, b, bAt + i))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] + b[bAt + i];
        }
    }

    /** d = a + b */
    static void add(float[] d, int dAt, int n, float[] a, int aAt, float b) {
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i).add(b).intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] + b;
        }
    }

    /** d = a - b */
    static void sub(float[] d, int dAt, int n, float[] a, int aAt, float[] b, int bAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i)
                    .sub(FloatVector.fromArray(S, b, bAt + i))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] - b[bAt + i];
        }
    }

    /** d = a - b */
    static void sub(float[] d, int dAt, int n, float[] a, int aAt, float b) {
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i).sub(b).intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] - b;
        }
    }

    /** d = a - b */
    static void sub(float[] d, int dAt, int n, float a, float[] b, int bAt) {
        FloatVector left = FloatVector.broadcast(S, a);
        int i = 0;
        for (; i <= n - W; i += W) {
            left.sub(FloatVector.fromArray(S, b, bAt + i)).intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a - b[bAt + i];
        }
    }

    /** d = a · b */
    static void mul(float[] d, int dAt, int n, float[] a, int aAt, float[] b, int bAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i)
                    .mul(FloatVector.fromArray(S, b, bAt + i))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] * b[bAt + i];
        }
    }

    /** d = a · b */
    static void mul(float[] d, int dAt, int n, float[] a, int aAt, float b) {
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i).mul(b).intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] * b;
        }
    }

    /** d = a / b */
    static void div(float[] d, int dAt, int n, float[] a, int aAt, float[] b, int bAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i)
                    .div(FloatVector.fromArray(S, b, bAt + i))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] / b[bAt + i];
        }
    }

    /** d = a / b */
    static void div(float[] d, int dAt, int n, float[] a, int aAt, float b) {
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i).div(b).intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] / b;
        }
    }

    /** d = a / b */
    static void div(float[] d, int dAt, int n, float a, float[] b, int bAt) {
        FloatVector left = FloatVector.broadcast(S, a);
        int i = 0;
        for (; i <= n - W; i += W) {
            left.div(FloatVector.fromArray(S, b, bAt + i)).intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a / b[bAt + i];
        }
    }

    /** d = a > b ? 1 : 0 */
    static void greater(float[] d, int dAt, int n, float[] a, int aAt, float[] b, int bAt) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector one = FloatVector.broadcast(S, 1f);
        int i = 0;
        for (; i <= n - W; i += W) {
            zero.blend(
                            one,
                            FloatVector.fromArray(S, a, aAt + i)
                                    .compare(VectorOperators.GT, FloatVector.fromArray(S, b, bAt + i)))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] > b[bAt + i] ? 1f : 0f;
        }
    }

    /** d = a > b ? 1 : 0 */
    static void greater(float[] d, int dAt, int n, float[] a, int aAt, float b) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector one = FloatVector.broadcast(S, 1f);
        int i = 0;
        for (; i <= n - W; i += W) {
            zero.blend(one, FloatVector.fromArray(S, a, aAt + i).compare(VectorOperators.GT, b))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] > b ? 1f : 0f;
        }
    }

    /** d = a > b ? 1 : 0 */
    static void greater(float[] d, int dAt, int n, float a, float[] b, int bAt) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector one = FloatVector.broadcast(S, 1f);
        int i = 0;
        for (; i <= n - W; i += W) {
            zero.blend(one, FloatVector.fromArray(S, b, bAt + i).compare(VectorOperators.LT, a))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a > b[bAt + i] ? 1f : 0f;
        }
    }

    /** d = a == b ? 1 : 0 */
    static void equal(float[] d, int dAt, int n, float[] a, int aAt, float[] b, int bAt) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector one = FloatVector.broadcast(S, 1f);
        int i = 0;
        for (; i <= n - W; i += W) {
            zero.blend(
                            one,
                            FloatVector.fromArray(S, a, aAt + i)
                                    .compare(VectorOperators.EQ, FloatVector.fromArray(S, b, bAt + i)))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] == b[bAt + i] ? 1f : 0f;
        }
    }

    /** d = a == b ? 1 : 0 */
    static void equal(float[] d, int dAt, int n, float[] a, int aAt, float b) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector one = FloatVector.broadcast(S, 1f);
        int i = 0;
        for (; i <= n - W; i += W) {
            zero.blend(one, FloatVector.fromArray(S, a, aAt + i).compare(VectorOperators.EQ, b))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] == b ? 1f : 0f;
        }
    }

    /** d = a · b + c, rounded once */
    static void fma(float[] d, int dAt, int n, float[] a, int aAt, float[] b, int bAt, float[] c, int cAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i)
                    .fma(FloatVector.fromArray(S, b, bAt + i), FloatVector.fromArray(S, c, cAt + i))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = Math.fma(a[aAt + i], b[bAt + i], c[cAt + i]);
        }
    }

    /** d = a · b + c, rounded once */
    static void fma(float[] d, int dAt, int n, float[] a, int aAt, float b, float[] c, int cAt) {
        FloatVector factor = FloatVector.broadcast(S, b);
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i)
                    .fma(factor, FloatVector.fromArray(S, c, cAt + i))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = Math.fma(a[aAt + i], b, c[cAt + i]);
        }
    }

    /** d = c - a · b, rounded once */
    static void fnma(float[] d, int dAt, int n, float[] a, int aAt, float[] b, int bAt, float[] c, int cAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i)
                    .neg()
                    .fma(FloatVector.fromArray(S, b, bAt + i), FloatVector.fromArray(S, c, cAt + i))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = Math.fma(-a[aAt + i], b[bAt + i], c[cAt + i]);
        }
    }

    /** d = a > 0 ? b : 0 */
    static void mask(float[] d, int dAt, int n, float[] a, int aAt, float[] b, int bAt) {
        FloatVector zero = FloatVector.zero(S);
        int i = 0;
        for (; i <= n - W; i += W) {
            zero.blend(
                            FloatVector.fromArray(S, b, bAt + i),
                            FloatVector.fromArray(S, a, aAt + i).compare(VectorOperators.GT, 0f))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] > 0f ? b[bAt + i] : 0f;
        }
    }

    /** d = a > 0 ? b : 0 */
    static void mask(float[] d, int dAt, int n, float[] a, int aAt, float b) {
        FloatVector zero = FloatVector.zero(S);
        FloatVector value = FloatVector.broadcast(S, b);
        int i = 0;
        for (; i <= n - W; i += W) {
            zero.blend(value, FloatVector.fromArray(S, a, aAt + i).compare(VectorOperators.GT, 0f))
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] > 0f ? b : 0f;
        }
    }

    /** d = a ≠ 0 ? b : c */
    static void select(float[] d, int dAt, int n, float[] a, int aAt, float[] b, int bAt, float[] c, int cAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            VectorMask<Float> isZero = FloatVector.fromArray(S, a, aAt + i).compare(VectorOperators.EQ, 0f);
            FloatVector.fromArray(S, b, bAt + i)
                    .blend(FloatVector.fromArray(S, c, cAt + i), isZero)
                    .intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = a[aAt + i] == 0f ? c[cAt + i] : b[bAt + i];
        }
    }

    /** d = -a */
    static void neg(float[] d, int dAt, int n, float[] a, int aAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i).neg().intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = -a[aAt + i];
        }
    }

    /** d = √a */
    static void sqrt(float[] d, int dAt, int n, float[] a, int aAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i).sqrt().intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = (float) Math.sqrt(a[aAt + i]);
        }
    }

    /** d = max(a, 0); NaN stays NaN */
    static void relu(float[] d, int dAt, int n, float[] a, int aAt) {
        FloatVector zero = FloatVector.zero(S);
        int i = 0;
        for (; i <= n - W; i += W) {
            FloatVector.fromArray(S, a, aAt + i).max(zero).intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = Math.max(a[aAt + i], 0f);
        }
    }

    /** d = aᵀ for a [rows, columns]; five rows at a time, so that each cache line of d is written fewer times. */
    static void transpose(float[] d, int dAt, float[] a, int aAt, int rows, int columns) {
        int r = 0;
        for (; r + 5 <= rows; r += 5) {
            int from = aAt + r * columns;
            int to = dAt + r;
            for (int column = 0; column < columns; column++) {
                d[to] = a[from];
                d[to + 1] = a[from + columns];
                d[to + 2] = a[from + 2 * columns];
                d[to + 3] = a[from + 3 * columns];
                d[to + 4] = a[from + 4 * columns];
                from++;
                to += rows;
            }
        }
        for (; r < rows; r++) {
            for (int column = 0; column < columns; column++) {
                d[dAt + column * rows + r] = a[aAt + r * columns + column];
            }
        }
    }
}
