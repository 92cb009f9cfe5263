package dev.kindling.job.backend.nd4j;

import dev.kindling.job.tensor.Shape;

/** Where an array stands: dense and row-major from the beginning of a slot on, task after task. */
record Place(Slot slot, Shape shape) {
    Axis axis() {
        return slot.axis();
    }

    /** Elements for one task. */
    int size() {
        return shape.size();
    }
}
