package dev.kindling.job.protocol.codec;

/** Thrown for bytes that are not the expected message: truncated, damaged, or of another version. */
public final class ProtocolException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ProtocolException(String message) {
        super(message);
    }

    public ProtocolException(String message, Throwable cause) {
        super(message, cause);
    }
}
