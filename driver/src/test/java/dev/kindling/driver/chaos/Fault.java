package dev.kindling.driver.chaos;

/** Something that Kindling promises and did not do; the message says what. */
final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Fault(String message) {
        super(message);
    }

    Fault(String message, Throwable cause) {
        super(message, cause);
    }

    /** Refuses what does not hold. */
    static void unless(boolean holds, String message) {
        if (!holds) {
            throw new Fault(message);
        }
    }
}
