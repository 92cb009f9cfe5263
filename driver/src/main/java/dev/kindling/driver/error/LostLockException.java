package dev.kindling.driver.error;

/** Another driver has the run now; the message is one sentence for the user. Nothing more may be written. */
public final class LostLockException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LostLockException(String message) {
        super(message);
    }
}
