package dev.kindling.job.backend.nd4j;

import dev.kindling.job.tensor.Shape;

/** Where an array stands: dense and row-major from the beginning of a slot on, task after task. */
record TensorView(Buffer buffer, Shape shape) {
    TaskAxis axis() {
        return buffer.axis();
    }

    /** Elements for one task. */
    int size() {
        return shape.size();
    }
}
