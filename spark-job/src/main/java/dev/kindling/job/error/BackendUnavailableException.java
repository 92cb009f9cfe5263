package dev.kindling.job.error;

/** A backend that cannot run in this JVM; the message is a single line that states what to change. */
public final class BackendUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BackendUnavailableException(String message) {
        super(message);
    }
}
