package dev.kindling.job.tensor;

/** The floating-point type of a run: 32 or 64 bits. */
public enum Precision {
    FLOAT(4),
    DOUBLE(8);

    private final int bytes;

    Precision(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }

    /** The given value rounded to this precision. */
    public double round(double value) {
        return this == FLOAT ? (float) value : value;
    }
}
