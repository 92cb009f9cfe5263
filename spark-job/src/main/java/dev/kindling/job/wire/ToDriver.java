package dev.kindling.job.wire;

/** What an executor that stays connected says to the driver. */
public sealed interface ToDriver {
    /**
     * The first message of a connection.
     *
     * @param token of the run, which only its own worker jobs know
     * @param executor its id, for logs
     */
    record Hello(String token, String executor) implements ToDriver {}

    /** A worker job has started here and lends its thread. */
    record Lent(long ticket) implements ToDriver {}

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

    /** The job cannot be opened, here or anywhere. */
    record Refused(Failure failure) implements ToDriver {}
}
