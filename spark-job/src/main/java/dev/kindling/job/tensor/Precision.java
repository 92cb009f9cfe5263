package dev.kindling.job.tensor;

/** The width of the numbers that a run computes with. */
public enum Precision {
    FLOAT(4),
    DOUBLE(8);

    private final int bytes;

    Precision(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one number. */
    public int bytes() {
        return bytes;
    }

    /** The given number as this precision holds it. */
    public double round(double value) {
        return this == FLOAT ? (float) value : value;
    }
}
