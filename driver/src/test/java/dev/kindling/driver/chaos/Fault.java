package dev.kindling.driver.chaos;

/** Reports that Kindling broke a guarantee, or that a scenario could not be run; the message has the cause. */
final class Fault extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Fault(String message) {
        super(message);
    }

    Fault(String message, Throwable cause) {
        super(message, cause);
    }

    /** Throws a Fault with the message if the condition does not hold. */
    static void unless(boolean holds, String message) {
        if (!holds) {
            throw new Fault(message);
        }
    }
}
