package dev.kindling.driver.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.checkpoint.RunDirectory;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.OptionalInt;

/**
 * Where a run stands, as {@code status.json} tells it to whoever cannot see its exit code.
 *
 * @param exitCode empty while it runs
 * @param sentence one for a person
 * @param round how many rounds are done
 */
public record RunStatus(State state, OptionalInt exitCode, String sentence, long round) {
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
        return new RunStatus(State.RUNNING, OptionalInt.empty(), "The run is under way.", round);
    }

    /** A run that has ended. */
    public static RunStatus ended(State state, int exitCode, String sentence, long round) {
        return new RunStatus(state, OptionalInt.of(exitCode), sentence, round);
    }

    /** Puts {@code status.json} in place of what was there. */
    public void write(RunDirectory run) {
        run.folder().replace("status.json", json().getBytes(StandardCharsets.UTF_8));
    }

    private String json() {
        ObjectNode node = JSON.createObjectNode();
        node.put("state", state.name().toLowerCase(Locale.ROOT));
        exitCode.ifPresentOrElse(code -> node.put("exit_code", code), () -> node.putNull("exit_code"));
        node.put("sentence", sentence).put("round", round);
        try {
            return JSON.writeValueAsString(node) + "\n";
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
