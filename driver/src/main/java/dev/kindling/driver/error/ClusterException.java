package dev.kindling.driver.error;

/** A failure of the cluster: a round could not be completed. The message is a single line for the user. Exit code 5. */
public final class ClusterException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ClusterException(String message) {
        super(message);
    }

    public ClusterException(String message, Throwable cause) {
        super(message, cause);
    }
}
