package dev.kindling.job.protocol.codec;

/** Bytes that are not the message they should be: cut short, damaged, or from another version. */
public final class ProtocolException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ProtocolException(String message) {
        super(message);
    }

    public ProtocolException(String message, Throwable cause) {
        super(message, cause);
    }
}
