package dev.kindling.job.backend.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.ScalarOps;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The transcendental functions in float against {@link StrictMath} in double. */
class FloatMathTest {
    private static final BufferSlice TO = new BufferSlice(0, 0);
    private static final BufferSlice FROM = new BufferSlice(1, 0);

    /** Odd, so that all low bits occur: about a million floats of all signs and exponents, subnormals included. */
    private static final int STRIDE = 4099;

    private static final float[] SPECIAL = {
        0f,
        -0f,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MIN_NORMAL,
        -Float.MIN_NORMAL,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.NaN,
        1f,
        -1f,
        88.72283f,
        88.72284f,
        -87.33654f,
        -103.27893f,
        -103.97207f,
        -103.97208f,
        -104f,
        0.625f,
        -0.625f,
        0.34f,
        -0.34f
    };

    @ParameterizedTest
    @CsvSource({"EXP, 1", "LOG, 1", "TANH, 1.5", "SIGMOID, 2.5", "EXPM1, 3.5", "LOG1P, 2.5"})
    @DisplayName("every function is within its error bound over floats of all magnitudes")
    void everyFunctionIsWithinItsBound(Op op, double bound) {
        float worst = 0;
        double most = 0;
        float[] x = sample();
        float[] y = new float[x.length];
        FloatMath.step(op, TO, x.length, FROM).run(new float[][] {y, x});
        for (int i = 0; i < x.length; i++) {
            double error = ulps(y[i], ScalarOps.apply(op, x[i]));
            if (error > most) {
                most = error;
                worst = x[i];
            }
        }
        assertThat(most).as(op + " of " + worst).isLessThanOrEqualTo(bound);
    }

    private static float[] sample() {
        IntStream everywhere =
                IntStream.rangeClosed(0, (int) ((1L << 32) / STRIDE)).map(i -> Integer.MIN_VALUE + i * STRIDE);
        IntStream near = IntStream.range(-100_000, 100_000).map(i -> Float.floatToRawIntBits(i * 1.1e-3f));
        IntStream nearOne = IntStream.range(-100_000, 100_000).map(i -> Float.floatToRawIntBits(1f) + i * 37);
        int[] bits =
                IntStream.concat(IntStream.concat(everywhere, near), nearOne).toArray();
        float[] x = new float[bits.length + SPECIAL.length];
        for (int i = 0; i < bits.length; i++) {
            x[i] = Float.intBitsToFloat(bits[i]);
        }
        System.arraycopy(SPECIAL, 0, x, bits.length, SPECIAL.length);
        return x;
    }

    /** Distance from the exact value in ulps of the nearest float. */
    private static double ulps(float found, double exact) {
        if (Double.isNaN(exact) || Float.isNaN(found)) {
            return Double.isNaN(exact) && Float.isNaN(found) ? 0 : Double.POSITIVE_INFINITY;
        }
        float nearest = (float) exact;
        if (found == nearest) {
            return Float.isInfinite(found) ? 0 : Math.abs(found - exact) / Math.ulp(nearest);
        }
        if (Float.isInfinite(found) || Float.isInfinite(nearest)) {
            float other = Float.isInfinite(found) ? nearest : found;
            return Math.abs(other) == Float.MAX_VALUE ? 1 : Double.POSITIVE_INFINITY;
        }
        return Math.abs(found - exact) / Math.ulp(nearest);
    }

    @ParameterizedTest
    @CsvSource({"EXP", "LOG", "TANH", "SIGMOID", "EXPM1", "LOG1P"})
    @DisplayName("a result does not depend on its index in the array, nor on vectors")
    void aResultDoesNotDependOnItsIndex(Op op) {
        float[] x = sample();
        float[] all = new float[x.length];
        FloatMath.step(op, TO, x.length, FROM).run(new float[][] {all, x});
        float[] one = new float[1];
        for (int i = 0; i < x.length; i++) {
            FloatMath.step(op, TO, 1, FROM.plus(i)).run(new float[][] {one, x});
            if (Float.floatToIntBits(one[0]) != Float.floatToIntBits(all[i])) {
                assertThat(one[0]).as(op + " of " + x[i]).isEqualTo(all[i]);
            }
        }
        float[] scalar = new float[x.length];
        FloatScalarMath.step(op, TO, x.length, FROM).run(new float[][] {scalar, x});
        assertThat(Arrays.equals(scalar, all)).as("bits of plain loops").isTrue();
    }
}
