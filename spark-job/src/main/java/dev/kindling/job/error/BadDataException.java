package dev.kindling.job.error;

import org.jspecify.annotations.Nullable;

/** Data that cannot be used: the message is a single line for the user that names the file, its state and what is allowed. */
public final class BadDataException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public BadDataException(String message) {
        super(message);
    }

    public BadDataException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
