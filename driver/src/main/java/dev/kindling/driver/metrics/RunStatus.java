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
 * Where a run stands, as {@code status.json} tells it to whoever cannot see its exit code.
 *
 * @param exitCode empty while it runs
 * @param message one for a person
 * @param round how many rounds are done
 * @param hint how to go on; empty where there is nothing to do
 */
public record RunStatus(State state, OptionalInt exitCode, String message, long round, Optional<String> hint) {
    /** The outcome. */
    public enum State {
        RUNNING,
        DONE,
        /** Ended early with a checkpoint, to be resumed. */
        STOPPED,
        FAILED
    }

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** A run that is under way. */
    public static RunStatus running(long round) {
        return new RunStatus(State.RUNNING, OptionalInt.empty(), "The run is under way.", round, Optional.empty());
    }

    /** A run that has done all it had to do. */
    public static RunStatus done(String sentence, long round) {
        return new RunStatus(State.DONE, OptionalInt.of(0), sentence, round, Optional.empty());
    }

    /** A run that has ended before its end. */
    public static RunStatus ended(State state, int exitCode, String sentence, long round, String next) {
        return new RunStatus(state, OptionalInt.of(exitCode), sentence, round, Optional.of(next));
    }

    /** The state that a status file names; empty where it cannot be told. */
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

    /** The rounds that a status file says are done; 0 where it cannot be told. */
    static long roundIn(byte[] json) {
        try {
            return JSON.readTree(json).path("round").asLong();
        } catch (IOException e) {
            return 0;
        }
    }

    /** What {@code status.json} holds, written at the given moment. */
    byte[] json(Instant updated) {
        ObjectNode node = JSON.createObjectNode();
        node.put("state", state.name().toLowerCase(Locale.ROOT));
        exitCode.ifPresentOrElse(code -> node.put("exit_code", code), () -> node.putNull("exit_code"));
        node.put("sentence", message).put("round", round);
        hint.ifPresent(how -> node.put("next", how));
        node.put("updated", updated.truncatedTo(ChronoUnit.SECONDS).toString());
        try {
            return (JSON.writeValueAsString(node) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
