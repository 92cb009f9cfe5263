package dev.kindling.driver.error;

/** A signal stopped the command; the message is one sentence for the user. */
public final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ExitCode code;

    public StoppedException(ExitCode code, String message) {
        super(message);
        this.code = code;
    }

    public ExitCode code() {
        return code;
    }
}
