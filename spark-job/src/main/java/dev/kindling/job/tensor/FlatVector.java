package dev.kindling.job.tensor;

import java.util.Arrays;

/** A flat, mutable array of floats or doubles. Not thread-safe. */
public sealed interface FlatVector {
    /** A vector of {@code size} zeros. */
    static FlatVector zeros(Precision precision, int size) {
        return switch (precision) {
            case FLOAT -> new OfFloat(new float[size]);
            case DOUBLE -> new OfDouble(new double[size]);
        };
    }

    /** A vector of the given values, each rounded to the precision. */
    static FlatVector of(Precision precision, double... values) {
        FlatVector vector = zeros(precision, values.length);
        for (int i = 0; i < values.length; i++) {
            vector.set(i, values[i]);
        }
        return vector;
    }

    Precision precision();

    /** Number of elements. */
    int size();

    double at(int index);

    /** Stores the value rounded to this precision. */
    void set(int index, double value);

    void fill(double value);

    FlatVector copy();

    /** Copies {@code count} elements of a vector of the same precision into this one, from {@code offset} on. */
    void copyFrom(FlatVector source, int sourceOffset, int offset, int count);

    /** A copy converted to the given precision. */
    default FlatVector to(Precision precision) {
        FlatVector converted = zeros(precision, size());
        for (int i = 0; i < size(); i++) {
            converted.set(i, at(i));
        }
        return converted;
    }

    /** A copy of the elements as doubles. */
    default double[] toDoubles() {
        double[] values = new double[size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = at(i);
        }
        return values;
    }

    /** A vector of floats; {@link #array} is the backing array, not a copy. */
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

    /** A vector of doubles; {@link #array} is the backing array, not a copy. */
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
