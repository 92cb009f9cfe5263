package dev.kindling.driver.error;

/** A run has ended before its end because it was asked to, and has recorded where it stood. */
public final class StoppedEarlyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The run ended after the given count of rounds. */
    public StoppedEarlyException(long rounds, Throwable cause) {
        super("the run was stopped after " + rounds + " rounds", cause);
    }

    /** The run ended after the given count of rounds. */
    public StoppedEarlyException(long rounds) {
        super("the run was stopped after " + rounds + " rounds");
    }
}
