package dev.kindling.driver.training;

import java.util.function.Supplier;

/** Whether a run is to end before its end, and what of it may be broken off for that. */
public interface CancellationToken {
    /** Nobody ever asks. */
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

    /** Whether the run is to end after the round that is under way. */
    boolean isCancelled();

    /**
     * Does work on this thread that changes nothing until it is done: it may be interrupted when a request has waited for
     * it too long. What an interrupt makes of it is thrown.
     */
    <T> T runInterruptiblyAfterGrace(Supplier<T> work);

    /** The same for work that nobody waits for: it is interrupted as soon as there is a request. */
    <T> T runCancellable(Supplier<T> work);
}
