package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Op;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Transcendental functions in float, by polynomials (coefficients of Moshier's Cephes library, single precision). The
 * vector loop and the scalar tail use the same operations in the same order, so that a result does not depend on its index
 * in the array. Largest errors over the million floats of all magnitudes that the tests sample: exp and log 1 ulp,
 * tanh 1.5, sigmoid and log1p 2.5, expm1 3.5.
 */
final class FloatMath {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int W = S.length();

    /** Adding it to a float below 2^22 leaves the nearest integer in the lowest bits. */
    private static final float ROUND = 12582912f;

    private static final int ROUND_BITS = Float.floatToRawIntBits(ROUND);
    private static final float LOG2_E = 1.44269504088896341f;
    private static final float LN2_HIGH = 0.693359375f;
    private static final float LN2_LOW = -2.12194440e-4f;

    private FloatMath() {}

    /**
     * d = op(a) for n contiguous elements. Each function has a step of its own: in one method with a switch C2 inlines all of
     * them together, reaches its limit of bytecodes, and calls the rest with vectors that are allocated.
     */
    static FloatStep step(Op op, BufferSlice d, int n, BufferSlice a) {
        int ds = d.space();
        int dAt = d.offset();
        int as = a.space();
        int aAt = a.offset();
        return switch (op) {
            case EXP -> memory -> exp(memory[ds], dAt, n, memory[as], aAt);
            case LOG -> memory -> log(memory[ds], dAt, n, memory[as], aAt);
            case TANH -> memory -> tanh(memory[ds], dAt, n, memory[as], aAt);
            case SIGMOID -> memory -> sigmoid(memory[ds], dAt, n, memory[as], aAt);
            case EXPM1 -> memory -> expm1(memory[ds], dAt, n, memory[as], aAt);
            case LOG1P -> memory -> log1p(memory[ds], dAt, n, memory[as], aAt);
            default -> throw new IllegalArgumentException(op.printed() + " is not a transcendental function");
        };
    }

    private static void exp(float[] d, int dAt, int n, float[] a, int aAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            exp(FloatVector.fromArray(S, a, aAt + i)).intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = exp(a[aAt + i]);
        }
    }

    private static void log(float[] d, int dAt, int n, float[] a, int aAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            log(FloatVector.fromArray(S, a, aAt + i)).intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = log(a[aAt + i]);
        }
    }

    private static void tanh(float[] d, int dAt, int n, float[] a, int aAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            tanh(FloatVector.fromArray(S, a, aAt + i)).intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = tanh(a[aAt + i]);
        }
    }

    private static void sigmoid(float[] d, int dAt, int n, float[] a, int aAt) {
        int i = 0;
        for (; i <= n - W; i += W) {
            sigmoid(FloatVector.fromArray(S, a, aAt + i)).intoArray(d, dAt + i);
        }
        for (; i < n; i++) {
            d[dAt + i] = sigmoid(a[aAt + i]);
        }
    }

    private static void expm1(float[] d, int dAt, int n, float[] a, int aAt) {
        for (int i = 0; i < n; i++) {
            d[dAt + i] = expm1(a[aAt + i]);
        }
    }

    private static void log1p(float[] d, int dAt, int n, float[] a, int aAt) {
        for (int i = 0; i < n; i++) {
            d[dAt + i] = log1p(a[aAt + i]);
        }
    }

    /** exp(x) = 2^k · exp(r), |r| ≤ ln 2 / 2; 2^k in two factors, so that results underflow to 0 and overflow to infinity. */
    private static FloatVector exp(FloatVector x) {
        FloatVector clamped = x.min(89f).max(-104f);
        FloatVector shifted = clamped.fma(FloatVector.broadcast(S, LOG2_E), FloatVector.broadcast(S, ROUND));
        FloatVector k = shifted.sub(ROUND);
        FloatVector r = k.fma(FloatVector.broadcast(S, -LN2_LOW), k.fma(FloatVector.broadcast(S, -LN2_HIGH), clamped));
        IntVector whole = shifted.reinterpretAsInts().sub(ROUND_BITS);
        IntVector half = whole.lanewise(VectorOperators.ASHR, 1);
        FloatVector first = half.add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
        FloatVector second =
                whole.sub(half).add(127).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
        FloatVector p = expPolynomial(r).fma(r.mul(r), r).add(1f);
        return p.mul(first).mul(second);
    }

    private static FloatVector expPolynomial(FloatVector r) {
        FloatVector p = FloatVector.broadcast(S, 1.9875691500e-4f);
        p = p.fma(r, FloatVector.broadcast(S, 1.3981999507e-3f));
        p = p.fma(r, FloatVector.broadcast(S, 8.3334519073e-3f));
        p = p.fma(r, FloatVector.broadcast(S, 4.1665795894e-2f));
        p = p.fma(r, FloatVector.broadcast(S, 1.6666665459e-1f));
        return p.fma(r, FloatVector.broadcast(S, 5.0000001201e-1f));
    }

    private static float exp(float x) {
        float clamped = Math.max(Math.min(x, 89f), -104f);
        float shifted = Math.fma(clamped, LOG2_E, ROUND);
        float k = shifted - ROUND;
        float r = Math.fma(k, -LN2_LOW, Math.fma(k, -LN2_HIGH, clamped));
        int whole = Float.floatToRawIntBits(shifted) - ROUND_BITS;
        int half = whole >> 1;
        float first = Float.intBitsToFloat((half + 127) << 23);
        float second = Float.intBitsToFloat((whole - half + 127) << 23);
        float p = Math.fma(expPolynomial(r), r * r, r) + 1f;
        return p * first * second;
    }

    private static float expPolynomial(float r) {
        float p = 1.9875691500e-4f;
        p = Math.fma(p, r, 1.3981999507e-3f);
        p = Math.fma(p, r, 8.3334519073e-3f);
        p = Math.fma(p, r, 4.1665795894e-2f);
        p = Math.fma(p, r, 1.6666665459e-1f);
        return Math.fma(p, r, 5.0000001201e-1f);
    }

    /** Near 0 the series of exp without its leading 1; elsewhere exp(x) - 1, which loses at most two bits. */
    private static float expm1(float x) {
        return Math.abs(x) < 0.34f ? Math.fma(expPolynomial(x), x * x, x) : exp(x) - 1f;
    }

    /** log x = e · ln 2 + log m with √½ ≤ m &lt; √2. */
    private static FloatVector log(FloatVector x) {
        VectorMask<Float> tiny = x.compare(VectorOperators.LT, Float.MIN_NORMAL);
        FloatVector normal = x.blend(x.mul(8388608f), tiny);
        FloatVector lift = FloatVector.zero(S).blend(-23f, tiny);
        IntVector bits = normal.reinterpretAsInts();
        IntVector exponent = bits.sub(0x3f3504f3).lanewise(VectorOperators.ASHR, 23);
        FloatVector m = bits.sub(exponent.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats();
        FloatVector e =
                exponent.add(ROUND_BITS).reinterpretAsFloats().sub(ROUND).add(lift);
        FloatVector r = m.sub(1f);
        FloatVector z = r.mul(r);
        FloatVector y = logPolynomial(r).mul(r).mul(z);
        y = e.fma(FloatVector.broadcast(S, LN2_LOW), y);
        y = z.fma(FloatVector.broadcast(S, -0.5f), y);
        FloatVector result = e.fma(FloatVector.broadcast(S, LN2_HIGH), r.add(y));
        result = result.blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.EQ, Float.POSITIVE_INFINITY));
        result = result.blend(Float.NEGATIVE_INFINITY, x.compare(VectorOperators.EQ, 0f));
        result = result.blend(Float.NaN, x.compare(VectorOperators.LT, 0f));
        return result.blend(x, x.compare(VectorOperators.NE, x));
    }

    private static FloatVector logPolynomial(FloatVector r) {
        FloatVector p = FloatVector.broadcast(S, 7.0376836292e-2f);
        p = p.fma(r, FloatVector.broadcast(S, -1.1514610310e-1f));
        p = p.fma(r, FloatVector.broadcast(S, 1.1676998740e-1f));
        p = p.fma(r, FloatVector.broadcast(S, -1.2420140846e-1f));
        p = p.fma(r, FloatVector.broadcast(S, 1.4249322787e-1f));
        p = p.fma(r, FloatVector.broadcast(S, -1.6668057665e-1f));
        p = p.fma(r, FloatVector.broadcast(S, 2.0000714765e-1f));
        p = p.fma(r, FloatVector.broadcast(S, -2.4999993993e-1f));
        return p.fma(r, FloatVector.broadcast(S, 3.3333331174e-1f));
    }

    private static float log(float x) {
        if (Float.isNaN(x) || x < 0f) {
            return Float.NaN;
        }
        if (x == 0f || x == Float.POSITIVE_INFINITY) {
            return x == 0f ? Float.NEGATIVE_INFINITY : x;
        }
        boolean tiny = x < Float.MIN_NORMAL;
        int bits = Float.floatToRawIntBits(tiny ? x * 8388608f : x);
        int exponent = (bits - 0x3f3504f3) >> 23;
        float m = Float.intBitsToFloat(bits - (exponent << 23));
        float e = Float.intBitsToFloat(exponent + ROUND_BITS) - ROUND + (tiny ? -23f : 0f);
        float r = m - 1f;
        float z = r * r;
        float y = logPolynomial(r) * r * z;
        y = Math.fma(e, LN2_LOW, y);
        y = Math.fma(z, -0.5f, y);
        return Math.fma(e, LN2_HIGH, r + y);
    }

    private static float logPolynomial(float r) {
        float p = 7.0376836292e-2f;
        p = Math.fma(p, r, -1.1514610310e-1f);
        p = Math.fma(p, r, 1.1676998740e-1f);
        p = Math.fma(p, r, -1.2420140846e-1f);
        p = Math.fma(p, r, 1.4249322787e-1f);
        p = Math.fma(p, r, -1.6668057665e-1f);
        p = Math.fma(p, r, 2.0000714765e-1f);
        p = Math.fma(p, r, -2.4999993993e-1f);
        return Math.fma(p, r, 3.3333331174e-1f);
    }

    /** Corrects for the rounding of 1 + x. */
    private static float log1p(float x) {
        float u = 1f + x;
        if (u == 1f || u == Float.POSITIVE_INFINITY) {
            return x;
        }
        return log(u) * (x / (u - 1f));
    }

    /** Uses exp(-|x|), which does not overflow: 1 / (1 + exp(-x)), or exp(x) / (1 + exp(x)) below 0. */
    private static FloatVector sigmoid(FloatVector x) {
        FloatVector one = FloatVector.broadcast(S, 1f);
        FloatVector e = exp(x.abs().neg());
        return one.blend(e, x.compare(VectorOperators.LT, 0f)).div(e.add(one));
    }

    private static float sigmoid(float x) {
        float e = exp(-Math.abs(x));
        return (x < 0f ? e : 1f) / (e + 1f);
    }

    /** An odd polynomial below 0.625, else 1 - 2 / (exp 2x + 1). */
    private static FloatVector tanh(FloatVector x) {
        FloatVector size = x.abs();
        FloatVector two = FloatVector.broadcast(S, 2f);
        FloatVector far =
                FloatVector.broadcast(S, 1f).sub(two.div(exp(size.add(size)).add(1f)));
        FloatVector z = x.mul(x);
        FloatVector near = tanhPolynomial(z).mul(z).fma(x, x);
        FloatVector signed = far.blend(far.neg(), x.compare(VectorOperators.LT, 0f));
        return signed.blend(near, size.compare(VectorOperators.LT, 0.625f));
    }

    private static FloatVector tanhPolynomial(FloatVector z) {
        FloatVector p = FloatVector.broadcast(S, -5.70498872745e-3f);
        p = p.fma(z, FloatVector.broadcast(S, 2.06390887954e-2f));
        p = p.fma(z, FloatVector.broadcast(S, -5.37397155531e-2f));
        p = p.fma(z, FloatVector.broadcast(S, 1.33314422036e-1f));
        return p.fma(z, FloatVector.broadcast(S, -3.33332819422e-1f));
    }

    private static float tanh(float x) {
        float size = Math.abs(x);
        if (size < 0.625f) {
            float z = x * x;
            return Math.fma(tanhPolynomial(z) * z, x, x);
        }
        float far = 1f - 2f / (exp(size + size) + 1f);
        return x < 0f ? -far : far;
    }

    private static float tanhPolynomial(float z) {
        float p = -5.70498872745e-3f;
        p = Math.fma(p, z, 2.06390887954e-2f);
        p = Math.fma(p, z, -5.37397155531e-2f);
        p = Math.fma(p, z, 1.33314422036e-1f);
        return Math.fma(p, z, -3.33332819422e-1f);
    }
}
