package dev.kindling.job.backend.nd4j;

/** A planned buffer, reused by values with disjoint lifetimes. Grows during planning and is constant afterwards. */
final class Buffer {
    /** The type of a buffer's elements. */
    enum Kind {
        /** Floating-point numbers of the executable's precision. */
        FLOATS,
        /** Booleans, the results of comparisons. */
        BOOLEANS,
        /** Integers of 64 bits. */
        INDICES
    }

    private final TaskAxis axis;
    private final Kind kind;
    private int size;

    Buffer(TaskAxis axis, Kind kind, int size) {
        this.axis = axis;
        this.kind = kind;
        this.size = size;
    }

    TaskAxis axis() {
        return axis;
    }

    Kind kind() {
        return kind;
    }

    /** Number of elements for one task, or, without a task axis, of the buffer. */
    int size() {
        return size;
    }

    void growTo(int elements) {
        size = Math.max(size, elements);
    }
}
