package dev.kindling.job.protocol;

import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.error.BadDataException;
import java.util.Optional;

/**
 * A failure of a range. All kinds except {@link Kind#RETRYABLE} would happen again on any executor, and end the run
 * instead of being retried.
 *
 * @param message a single-line message for the user
 */
public record Failure(Kind kind, String message) implements RangeOutcome {
    /** The cause of a failure. */
    public enum Kind {
        /** A file or an array of the task source is unusable. */
        BAD_DATA,
        /** A setting is wrong. */
        BAD_SETTING,
        /** The backend cannot run in the executor's JVM. */
        BACKEND_UNAVAILABLE,
        /** Unknown: a retry may succeed. */
        RETRYABLE
    }

    /** The failure that an exception means; empty if a retry may succeed. */
    public static Optional<Failure> of(RuntimeException exception) {
        String message = String.valueOf(exception.getMessage());
        if (exception instanceof BadDataException) {
            return Optional.of(new Failure(Kind.BAD_DATA, message));
        }
        if (exception instanceof BackendUnavailableException) {
            return Optional.of(new Failure(Kind.BACKEND_UNAVAILABLE, message));
        }
        return exception instanceof IllegalArgumentException
                ? Optional.of(new Failure(Kind.BAD_SETTING, message))
                : Optional.empty();
    }

    /** The exception that ends the run: of the type that {@link #of} was given, with the same message. */
    public RuntimeException exception() {
        return switch (kind) {
            case BAD_DATA -> new BadDataException(message);
            case BAD_SETTING -> new IllegalArgumentException(message);
            case BACKEND_UNAVAILABLE -> new BackendUnavailableException(message);
            case RETRYABLE -> new IllegalStateException(message);
        };
    }
}
