package dev.kindling.driver.error;

/** The end of a command that a signal or a time limit stopped. The message is a single line for the user. */
public final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ExitCode code;

    public StoppedException(ExitCode code, String message) {
        super(message);
        this.code = code;
    }

    public StoppedException(ExitCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = code;
    }

    public ExitCode code() {
        return code;
    }
}
