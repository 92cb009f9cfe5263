package dev.kindling.job.backend.nd4j;

/** A stretch of memory that values take turns in. Grows while a program is planned; after that it stays as it is. */
final class Buffer {
    /** What a slot holds. */
    enum Kind {
        /** Numbers of the executable's precision. */
        NUMBERS,
        /** Truth values, as comparisons give them. */
        TRUTHS,
        /** Whole numbers of 64 bits. */
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

    /** Elements for one task, or, without an axis of tasks, at all. */
    int size() {
        return size;
    }

    void growTo(int wanted) {
        size = Math.max(size, wanted);
    }
}
