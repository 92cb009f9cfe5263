package dev.kindling.job.wire;

import dev.kindling.job.backend.BackendUnavailableException;
import dev.kindling.job.task.BadDataException;
import java.util.Optional;

/**
 * A failure in place of a reply. But for {@link Kind#UNFORESEEN} it would happen again wherever the order is run, and ends
 * the run instead of being tried again.
 *
 * @param sentence one sentence for the user
 */
public record Failure(Kind kind, String sentence) implements Answer {
    /** What is at fault. */
    public enum Kind {
        /** A file or an array of the task source. */
        BAD_DATA,
        /** A setting. */
        BAD_SETTING,
        /** The machine: a backend cannot run in the executor's JVM. */
        BACKEND_UNAVAILABLE,
        /** Unknown: it may pass elsewhere, or another time. */
        UNFORESEEN
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
            case BAD_DATA -> new BadDataException(sentence);
            case BAD_SETTING -> new IllegalArgumentException(sentence);
            case BACKEND_UNAVAILABLE -> new BackendUnavailableException(sentence);
            case UNFORESEEN -> new IllegalStateException(sentence);
        };
    }
}
