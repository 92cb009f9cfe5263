package dev.kindling.job.backend.nd4j;

import dev.kindling.job.tensor.Shape;

/** A dense, row-major array at the start of a buffer, one for each task if the buffer has a task axis. */
record TensorView(Buffer buffer, Shape shape) {
    TaskAxis axis() {
        return buffer.axis();
    }

    /** Number of elements for one task. */
    int size() {
        return shape.size();
    }
}
