package dev.kindling.driver.error;

/** Training left the finite numbers or lost too many tasks; the message is one sentence for the user. Exit code 4. */
public final class DivergedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public DivergedException(String message) {
        super(message);
    }
}
