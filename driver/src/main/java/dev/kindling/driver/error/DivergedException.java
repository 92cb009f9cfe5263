package dev.kindling.driver.error;

/** Divergence of training: a value is not finite, or too many tasks failed. The message is a single line for the user. Exit code 4. */
public final class DivergedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public DivergedException(String message) {
        super(message);
    }
}
