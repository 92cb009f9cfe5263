package dev.kindling.driver.error;

/** The end of a run that was cancelled before its last round, after its state was recorded. Exit code 6. */
public final class StoppedEarlyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The run was stopped after the given number of rounds. */
    public StoppedEarlyException(long rounds, Throwable cause) {
        super("the run was stopped after " + rounds + " rounds", cause);
    }

    /** The run was stopped after the given number of rounds. */
    public StoppedEarlyException(long rounds) {
        super("the run was stopped after " + rounds + " rounds");
    }
}
