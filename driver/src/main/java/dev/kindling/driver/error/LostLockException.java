package dev.kindling.driver.error;

/** Loss of the run's lock to another driver: nothing more may be written. The message is a single line for the user. */
public final class LostLockException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LostLockException(String message) {
        super(message);
    }
}
