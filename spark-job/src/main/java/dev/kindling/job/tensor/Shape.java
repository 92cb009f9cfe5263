package dev.kindling.job.tensor;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The extents of a dense row-major array, outermost first; a scalar has none. Immutable. */
public final class Shape {
    private static final Shape SCALAR = new Shape(new int[0]);

    private final int[] dims;
    private final int size;

    private Shape(int[] dims) {
        this.dims = dims;
        long product = 1;
        for (int dim : dims) {
            if (dim < 1) {
                throw new IllegalArgumentException("shape " + Arrays.toString(dims) + " has an extent below 1");
            }
            product *= dim;
            if (product > Integer.MAX_VALUE) {
                throw new IllegalArgumentException(
                        "shape " + Arrays.toString(dims) + " has more than " + Integer.MAX_VALUE + " elements");
            }
        }
        this.size = (int) product;
    }

    /** The shape with the given extents, each at least 1. */
    public static Shape of(int... dims) {
        return dims.length == 0 ? SCALAR : new Shape(dims.clone());
    }

    public static Shape scalar() {
        return SCALAR;
    }

    public int rank() {
        return dims.length;
    }

    /** Extent of the given axis; axis 0 is the outermost. */
    public int dim(int axis) {
        return dims[axis];
    }

    /** Number of elements. */
    public int size() {
        return size;
    }

    /** A copy of the extents. */
    public int[] dims() {
        return dims.clone();
    }

    /** Distance in elements between consecutive indices of each axis, row-major. */
    public int[] strides() {
        int[] strides = new int[dims.length];
        int step = 1;
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            strides[axis] = step;
            step *= dims[axis];
        }
        return strides;
    }

    /** This shape with the extent of one axis replaced. */
    public Shape with(int axis, int extent) {
        int[] changed = dims.clone();
        changed[axis] = extent;
        return new Shape(changed);
    }

    /** This shape with a new outermost axis of the given extent. */
    public Shape stacked(int count) {
        int[] stacked = new int[dims.length + 1];
        stacked[0] = count;
        System.arraycopy(dims, 0, stacked, 1, dims.length);
        return new Shape(stacked);
    }

    /** This shape without its outermost axis. */
    public Shape unstacked() {
        return of(Arrays.copyOfRange(dims, 1, dims.length));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    /** As in {@code [10, 40]}; a scalar is {@code []}. */
    @Override
    public String toString() {
        return Arrays.stream(dims).mapToObj(Integer::toString).collect(Collectors.joining(", ", "[", "]"));
    }
}
