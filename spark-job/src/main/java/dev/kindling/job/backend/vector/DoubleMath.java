package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.ScalarOps;

/**
 * Transcendental functions in double: the JDK's {@link StrictMath}, within 1 ulp and the same on every machine. Double is
 * used for checks, where accuracy matters more than speed.
 */
final class DoubleMath {
    private DoubleMath() {}

    /** d = op(a) for n contiguous elements. */
    static void apply(Op op, double[] d, int dAt, int n, double[] a, int aAt) {
        for (int i = 0; i < n; i++) {
            d[dAt + i] = ScalarOps.apply(op, a[aAt + i]);
        }
    }
}
