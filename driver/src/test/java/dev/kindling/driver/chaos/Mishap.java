package dev.kindling.driver.chaos;

/** Something that Kindling promises and did not do; the message says what. */
final class Mishap extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Mishap(String message) {
        super(message);
    }

    Mishap(String message, Throwable cause) {
        super(message, cause);
    }

    /** Refuses what does not hold. */
    static void unless(boolean holds, String message) {
        if (!holds) {
            throw new Mishap(message);
        }
    }
}
