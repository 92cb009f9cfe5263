package dev.kindling.job.wire;

import dev.kindling.job.tensor.Storage;

/** What an executor that stays connected says to the driver, once it is authenticated. */
public sealed interface ToDriver {
    /**
     * A worker job has started here and lends its thread.
     *
     * @param device that Spark has given it, for logs
     */
    record Lent(long ticket, String device) implements ToDriver {}

    /**
     * Still here; said whenever the count changes, and every now and then.
     *
     * @param threads that can run orders now: 0 while the job is being opened
     */
    record Present(int threads) implements ToDriver {}

    /**
     * What came of an order.
     *
     * @param shared version of the vector that the order named
     * @param firstTask as in the order
     */
    record Answered(long shared, int firstTask, Answer answer) implements ToDriver {}

    /**
     * An order that keeps its sums has been run.
     *
     * @param shared version of the vector that the order named
     * @param reply its nodes without sums
     */
    record Kept(long shared, WorkReply reply) implements ToDriver {}

    /** The slices of a vector did not come together here: the whole vector is needed. */
    record Lacks(long version) implements ToDriver {}

    /**
     * What came of a {@link FoldOrder}.
     *
     * @param shared as in the order
     * @param slice index of the slice
     * @param sums the slice of the round's sums
     */
    record Folded(long shared, int slice, Storage sums) implements ToDriver {}

    /**
     * Nothing came of a {@link FoldOrder}.
     *
     * @param why in one clause
     */
    record NotFolded(long shared, int slice, String why) implements ToDriver {}

    /** The job cannot be opened, here or anywhere. */
    record Refused(Failure failure) implements ToDriver {}
}
