package dev.kindling.driver.training;

import java.util.function.Supplier;

/** A cancellation request for a run, and the work that it may interrupt. */
public interface CancellationToken {
    /** A token that is never cancelled. */
    CancellationToken NEVER = new CancellationToken() {
        @Override
        public boolean isCancelled() {
            return false;
        }

        @Override
        public <T> T runInterruptiblyAfterGrace(Supplier<T> work) {
            return work.get();
        }

        @Override
        public <T> T runCancellable(Supplier<T> work) {
            return work.get();
        }
    };

    /** Whether the run is to end after the current round. */
    boolean isCancelled();

    /**
     * Runs work on this thread that has no effect before it completes. It is interrupted if it is still running some time
     * after a cancellation; the exception that results is thrown.
     */
    <T> T runInterruptiblyAfterGrace(Supplier<T> work);

    /** Runs work on this thread that is interrupted as soon as the run is cancelled. */
    <T> T runCancellable(Supplier<T> work);
}
