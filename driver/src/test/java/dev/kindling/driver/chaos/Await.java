package dev.kindling.driver.chaos;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Waiting for what another process does. */
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

    /** Waits until something is so; Mishap where it takes minutes. */
    static void until(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + LONGEST.toNanos();
        while (!condition.getAsBoolean()) {
            Fault.unless(System.nanoTime() < end, "waited in vain for " + what);
            pause(POLL_MILLIS);
        }
    }
}
