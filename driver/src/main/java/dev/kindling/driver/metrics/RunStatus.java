package dev.kindling.driver.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The status of a run: the content of {@code status.json}, for readers that cannot observe the exit code.
 *
 * @param exitCode of the driver; empty while the run is under way
 * @param message a single-line description for the user
 * @param round number of rounds done
 * @param hint what the user can do next; empty if there is nothing to do
 */
public record RunStatus(State state, OptionalInt exitCode, String message, long round, Optional<String> hint) {
    /** The states of a run. */
    public enum State {
        RUNNING,
        DONE,
        /** Ended early with a checkpoint; can be resumed. */
        STOPPED,
        FAILED
    }

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** A run that is under way. */
    public static RunStatus running(long round) {
        return new RunStatus(State.RUNNING, OptionalInt.empty(), "The run is under way.", round, Optional.empty());
    }

    /** A run that is complete. */
    public static RunStatus done(String message, long round) {
        return new RunStatus(State.DONE, OptionalInt.of(0), message, round, Optional.empty());
    }

    /** A run that ended before its last round. */
    public static RunStatus ended(State state, int exitCode, String message, long round, String hint) {
        return new RunStatus(state, OptionalInt.of(exitCode), message, round, Optional.of(hint));
    }

    /** The state in a status file; empty if it cannot be read. */
    static Optional<State> stateIn(byte[] json) {
        try {
            String name = JSON.readTree(json).path("state").asText();
            return Arrays.stream(State.values())
                    .filter(state -> state.name().toLowerCase(Locale.ROOT).equals(name))
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The number of rounds done in a status file; 0 if it cannot be read. */
    static long roundIn(byte[] json) {
        try {
            return JSON.readTree(json).path("round").asLong();
        } catch (IOException e) {
            return 0;
        }
    }

    /** The bytes of {@code status.json}, written at the given time. */
    byte[] json(Instant updated) {
        ObjectNode node = JSON.createObjectNode();
        node.put("state", state.name().toLowerCase(Locale.ROOT));
        exitCode.ifPresentOrElse(code -> node.put("exit_code", code), () -> node.putNull("exit_code"));
        node.put("message", message).put("round", round);
        hint.ifPresent(text -> node.put("hint", text));
        node.put("updated", updated.truncatedTo(ChronoUnit.SECONDS).toString());
        try {
            return (JSON.writeValueAsString(node) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
