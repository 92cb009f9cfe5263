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
    static DoubleStep step(Op op, BufferSlice d, int n, BufferSlice a) {
        int dAt = d.offset();
        int aAt = a.offset();
        return memory -> {
            double[] to = memory[d.space()];
            double[] from = memory[a.space()];
            for (int i = 0; i < n; i++) {
                to[dAt + i] = ScalarOps.apply(op, from[aAt + i]);
            }
        };
    }
}
