package dev.kindling.driver.cli;

/** A signal stopped the command; the message is one sentence for the user. */
final class StoppedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ExitCode code;

    StoppedException(ExitCode code, String message) {
        super(message);
        this.code = code;
    }

    ExitCode code() {
        return code;
    }
}
