package dev.kindling.driver.chaos;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waits for conditions that other processes bring about, by polling. */
final class Await {
    private static final Duration LONGEST = Duration.ofMinutes(6);
    private static final long POLL_MILLIS = 2;

    private Await() {}

    static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Fault("interrupted", e);
        }
    }

    /**
     * Waits until a condition holds; Fault if it does not within some minutes.
     *
     * @param what the condition in error messages
     */
    static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + LONGEST.toNanos();
        while (!condition.getAsBoolean()) {
            Fault.unless(System.nanoTime() < end, "waited in vain for " + what);
            pause(POLL_MILLIS);
        }
    }
}
