package dev.kindling.job.protocol;

import dev.kindling.job.error.BackendUnavailableException;
import dev.kindling.job.error.BadDataException;
import java.util.Optional;

/**
 * A failure in place of a reply. But for {@link Kind#RETRYABLE} it would happen again wherever the order is run, and ends
 * the run instead of being tried again.
 *
 * @param message one sentence for the user
 */
public record Failure(Kind kind, String message) implements RangeOutcome {
    /** What is at fault. */
    public enum Kind {
        /** A file or an array of the task source. */
        BAD_DATA,
        /** A setting. */
        BAD_SETTING,
        /** The machine: a backend cannot run in the executor's JVM. */
        BACKEND_UNAVAILABLE,
        /** Unknown: it may pass elsewhere, or another time. */
        RETRYABLE
    }

    /** The failure that an exception stands for; empty if trying again may help. */
    public static Optional<Failure> of(RuntimeException exception) {
        String sentence = String.valueOf(exception.getMessage());
        if (exception instanceof BadDataException) {
            return Optional.of(new Failure(Kind.BAD_DATA, sentence));
        }
        if (exception instanceof BackendUnavailableException) {
            return Optional.of(new Failure(Kind.BACKEND_UNAVAILABLE, sentence));
        }
        return exception instanceof IllegalArgumentException
                ? Optional.of(new Failure(Kind.BAD_SETTING, sentence))
                : Optional.empty();
    }

    /** The exception that the driver ends with: of the type that {@link #of} was given, with the same sentence. */
    public RuntimeException exception() {
        return switch (kind) {
            case BAD_DATA -> new BadDataException(message);
            case BAD_SETTING -> new IllegalArgumentException(message);
            case BACKEND_UNAVAILABLE -> new BackendUnavailableException(message);
            case RETRYABLE -> new IllegalStateException(message);
        };
    }
}
