package dev.kindling.driver.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.checkpoint.RunDirectory;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Writer of a run's {@code metrics.jsonl}, one JSON object per line, and of the same numbers in TensorBoard's format if
 * requested. Values that are not finite are written as null. Not thread-safe.
 */
public final class MetricsWriter implements AutoCloseable {
    private static final String NAME = "metrics.jsonl";
    private static final double NANOS_PER_MILLISECOND = 1e6;
    private static final double MILLISECONDS_PER_SECOND = 1000;
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The files to write. */
    public enum Files {
        /** Only {@code metrics.jsonl}. */
        LINES,
        /** A TensorBoard event file too. */
        LINES_AND_EVENTS;

        /** The constant for the value of {@code run.tensorboard}. */
        public static Files of(boolean tensorBoard) {
            return tensorBoard ? LINES_AND_EVENTS : LINES;
        }
    }

    private final RunDirectory run;
    private final AppendedFile lines;
    private final TensorBoardEvents encoder;
    private final Optional<AppendedFile> events;
    private final List<JsonNode> earlier;

    private MetricsWriter(RunDirectory run, AppendedFile lines, Files files, List<MetricsLines.Line> until) {
        this.run = run;
        this.lines = lines;
        this.earlier = until.stream().map(MetricsLines.Line::content).toList();
        double seconds = until.isEmpty()
                ? 0
                : until.get(until.size() - 1).content().path("seconds").asDouble();
        this.encoder = new TensorBoardEvents(System.currentTimeMillis() / MILLISECONDS_PER_SECOND - seconds);
        this.events = files == Files.LINES_AND_EVENTS
                ? Optional.of(AppendedFile.replace(run, TensorBoardEvents.NAME, encoded(until)))
                : Optional.empty();
    }

    /** Creates the files of a new run. */
    public static MetricsWriter create(RunDirectory run, Files files) {
        return new MetricsWriter(run, AppendedFile.create(run, NAME), files, List.of());
    }

    /**
     * Continues the files of a run that is resumed after the given number of rounds: lines of later rounds and damaged lines
     * are removed.
     *
     * @param extra the round of a line that was written only because the run ended there; removed too, unless it holds a
     *     validation
     * @param warning receives a single-line message about damaged lines
     */
    public static MetricsWriter resumed(
            RunDirectory run, Files files, long rounds, OptionalLong extra, Consumer<String> warning) {
        MetricsLines found =
                MetricsLines.of(run.folder().has(NAME) ? run.folder().read(NAME) : new byte[0]);
        found.warning(run.folder().place(NAME)).ifPresent(warning);
        List<MetricsLines.Line> until = found.whole().stream()
                .filter(line -> line.round() <= rounds)
                .filter(line -> extra.isEmpty() || !isExtra(line, extra.getAsLong()))
                .toList();
        byte[] retained = until.stream()
                .map(line -> line.text() + "\n")
                .collect(Collectors.joining())
                .getBytes(StandardCharsets.UTF_8);
        return new MetricsWriter(run, AppendedFile.replace(run, NAME, retained), files, until);
    }

    private static boolean isExtra(MetricsLines.Line line, long extra) {
        return line.round() == extra && !line.content().has("validation_loss");
    }

    private byte[] encoded(List<MetricsLines.Line> until) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        content.writeBytes(encoder.header());
        until.forEach(line -> content.writeBytes(encoder.record(line.content())));
        return content.toByteArray();
    }

    /** The lines of a resumed run that were written before; empty for a new run. */
    public List<JsonNode> earlier() {
        return earlier;
    }

    /** Appends the line of a round, which is returned. */
    public JsonNode write(RoundMetrics metrics) {
        run.folder().ensureWritable();
        ObjectNode line = line(metrics);
        lines.append(text(line).getBytes(StandardCharsets.UTF_8));
        events.ifPresent(file -> file.append(encoder.record(line)));
        return line;
    }

    /**
     * An action that makes every line written so far durable; to be run at each checkpoint and at the end of the run. It may run
     * on another thread while lines are written, but no two of them concurrently.
     */
    public Runnable syncAction() {
        Runnable syncLines = lines.syncAction();
        Optional<Runnable> syncEvents = events.map(AppendedFile::syncAction);
        return () -> {
            syncLines.run();
            syncEvents.ifPresent(Runnable::run);
        };
    }

    private static ObjectNode line(RoundMetrics metrics) {
        ObjectNode node = JSON.createObjectNode();
        node.put("round", metrics.round());
        put(node, "query_loss", metrics.queryLoss());
        metrics.queryAccuracy().ifPresent(accuracy -> put(node, "query_accuracy", accuracy));
        put(node, "support_loss", metrics.supportLoss());
        metrics.validationLoss().ifPresent(loss -> put(node, "validation_loss", loss));
        metrics.validationAccuracy().ifPresent(accuracy -> put(node, "validation_accuracy", accuracy));
        put(node, "meta_gradient_norm", metrics.metaGradientNorm());
        node.put("tasks", metrics.tasks());
        node.put("failed_tasks", metrics.failedTasks());
        put(node, "seconds", metrics.seconds());
        put(node, "tasks_per_second", metrics.tasksPerSecond());
        node.put("bytes_out", metrics.bytesOut());
        node.put("bytes_in", metrics.bytesIn());
        ObjectNode times = node.putObject("round_milliseconds");
        metrics.times().parts().forEach((part, nanos) -> times.put(part, nanos / NANOS_PER_MILLISECOND));
        return node;
    }

    private static String text(ObjectNode line) {
        try {
            return JSON.writeValueAsString(line) + "\n";
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void put(ObjectNode node, String name, double number) {
        if (Double.isFinite(number)) {
            node.put(name, number);
        } else {
            node.putNull(name);
        }
    }

    @Override
    public void close() {
        lines.close();
        events.ifPresent(AppendedFile::close);
    }
}
