package dev.kindling.job.wire;

import dev.kindling.job.fold.Slice;

/** What an executor asks another one of its run for; the answer are numbers. */
public sealed interface ToPeer {
    /** The slice of a vector that the other one was sent. */
    record OfVector(long version) implements ToPeer {}

    /**
     * A slice of the sums of each node of a reply that the other one keeps, node after node.
     *
     * @param shared version of the vector of the reply's order
     * @param firstTask of the order
     */
    record OfSums(long shared, int firstTask, Slice slice) implements ToPeer {}
}
