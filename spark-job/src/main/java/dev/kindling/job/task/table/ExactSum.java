package dev.kindling.job.task.table;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;

/**
 * A sum of doubles without rounding, whose result does not depend on the order of the additions or on how they are divided:
 * an integer in units of the smallest double, in chunks of 32 bits with room for carries (the "small superaccumulator" of
 * Neal, arXiv:1505.05571). Only the conversion to double rounds.
 */
public final class ExactSum implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int CHUNK_BITS = 32;
    private static final long CHUNK_MASK = 0xffffffffL;

    /** 2,098 bits of finite doubles, and bits for 2^60 summands. */
    private static final int CHUNKS = 70;

    /** Additions after which carries are propagated; a chunk holds 2^31 summands of 32 bits. */
    private static final int MOST_PENDING = 1 << 30;

    private static final int EXPONENT_MASK = 0x7ff;
    private static final int MANTISSA_BITS = 52;
    private static final long MANTISSA_MASK = (1L << MANTISSA_BITS) - 1;

    /** Exponent of the unit, 2^-1074. */
    private static final int UNIT = 1074;

    private final long[] chunks = new long[CHUNKS];
    private int pending;

    /** Adds a finite number. */
    public void add(double number) {
        long bits = Double.doubleToRawLongBits(number);
        int exponent = (int) (bits >>> MANTISSA_BITS) & EXPONENT_MASK;
        if (exponent == EXPONENT_MASK) {
            throw new IllegalArgumentException(number + " cannot be added; it must be finite");
        }
        long mantissa = bits & MANTISSA_MASK;
        int shift = 0;
        if (exponent > 0) {
            mantissa |= 1L << MANTISSA_BITS;
            shift = exponent - 1;
        }
        int chunk = shift / CHUNK_BITS;
        int within = shift % CHUNK_BITS;
        long low = mantissa << within & CHUNK_MASK;
        long rest = mantissa >>> (CHUNK_BITS - within);
        long sign = bits < 0 ? -1 : 1;
        chunks[chunk] += sign * low;
        chunks[chunk + 1] += sign * (rest & CHUNK_MASK);
        chunks[chunk + 2] += sign * (rest >>> CHUNK_BITS);
        if (++pending == MOST_PENDING) {
            carry();
        }
    }

    /** Adds another sum. */
    public void add(ExactSum other) {
        carry();
        other.carry();
        for (int i = 0; i < CHUNKS; i++) {
            chunks[i] += other.chunks[i];
        }
        carry();
    }

    /** Reduces every chunk but the last to 32 bits. */
    private void carry() {
        long carry = 0;
        for (int i = 0; i < CHUNKS - 1; i++) {
            long sum = chunks[i] + carry;
            chunks[i] = sum & CHUNK_MASK;
            carry = sum >> CHUNK_BITS;
        }
        chunks[CHUNKS - 1] += carry;
        pending = 0;
    }

    /** The sum, correctly rounded. */
    public double value() {
        return exact().doubleValue();
    }

    /** The sum itself. */
    public BigDecimal exact() {
        carry();
        BigInteger units = BigInteger.ZERO;
        for (int i = CHUNKS - 1; i >= 0; i--) {
            units = units.shiftLeft(CHUNK_BITS).add(BigInteger.valueOf(chunks[i]));
        }
        return new BigDecimal(units).divide(new BigDecimal(BigInteger.ONE.shiftLeft(UNIT)));
    }
}
