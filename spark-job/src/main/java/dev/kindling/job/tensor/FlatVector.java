package dev.kindling.job.tensor;

import java.util.Arrays;

/** A flat, mutable run of numbers in one of the two precisions. Not thread-safe. */
public sealed interface FlatVector {
    static FlatVector zeros(Precision precision, int size) {
        return switch (precision) {
            case FLOAT -> new OfFloat(new float[size]);
            case DOUBLE -> new OfDouble(new double[size]);
        };
    }

    /** The given numbers, rounded to the precision. */
    static FlatVector of(Precision precision, double... values) {
        FlatVector vector = zeros(precision, values.length);
        for (int i = 0; i < values.length; i++) {
            vector.set(i, values[i]);
        }
        return vector;
    }

    Precision precision();

    int size();

    double at(int index);

    /** Stores the value rounded to this precision. */
    void set(int index, double value);

    void fill(double value);

    FlatVector copy();

    /** Copies {@code count} numbers of a storage of the same precision into this one. */
    void copyFrom(FlatVector source, int sourceOffset, int offset, int count);

    /** The same numbers in the given precision; always a copy. */
    default FlatVector to(Precision precision) {
        FlatVector converted = zeros(precision, size());
        for (int i = 0; i < size(); i++) {
            converted.set(i, at(i));
        }
        return converted;
    }

    /** A copy of the numbers as doubles. */
    default double[] toDoubles() {
        double[] values = new double[size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = at(i);
        }
        return values;
    }

    /** Numbers of 32 bits; {@link #array} is the storage itself, not a copy. */
    record OfFloat(float[] array) implements FlatVector {
        @Override
        public Precision precision() {
            return Precision.FLOAT;
        }

        @Override
        public int size() {
            return array.length;
        }

        @Override
        public double at(int index) {
            return array[index];
        }

        @Override
        public void set(int index, double value) {
            array[index] = (float) value;
        }

        @Override
        public void fill(double value) {
            Arrays.fill(array, (float) value);
        }

        @Override
        public FlatVector copy() {
            return new OfFloat(array.clone());
        }

        @Override
        public void copyFrom(FlatVector source, int sourceOffset, int offset, int count) {
            System.arraycopy(((OfFloat) source).array, sourceOffset, array, offset, count);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof OfFloat that && Arrays.equals(array, that.array);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(array);
        }

        @Override
        public String toString() {
            return "float[" + array.length + "]";
        }
    }

    /** Numbers of 64 bits; {@link #array} is the storage itself, not a copy. */
    record OfDouble(double[] array) implements FlatVector {
        @Override
        public Precision precision() {
            return Precision.DOUBLE;
        }

        @Override
        public int size() {
            return array.length;
        }

        @Override
        public double at(int index) {
            return array[index];
        }

        @Override
        public void set(int index, double value) {
            array[index] = value;
        }

        @Override
        public void fill(double value) {
            Arrays.fill(array, value);
        }

        @Override
        public FlatVector copy() {
            return new OfDouble(array.clone());
        }

        @Override
        public void copyFrom(FlatVector source, int sourceOffset, int offset, int count) {
            System.arraycopy(((OfDouble) source).array, sourceOffset, array, offset, count);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof OfDouble that && Arrays.equals(array, that.array);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(array);
        }

        @Override
        public String toString() {
            return "double[" + array.length + "]";
        }
    }
}
