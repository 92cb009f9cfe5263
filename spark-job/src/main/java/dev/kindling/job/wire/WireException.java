package dev.kindling.job.wire;

/** Bytes that are not the message they should be: cut short, damaged, or from another version. */
public final class WireException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public WireException(String message) {
        super(message);
    }

    public WireException(String message, Throwable cause) {
        super(message, cause);
    }
}
