package dev.kindling.driver.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.checkpoint.Folder;
import dev.kindling.driver.checkpoint.RunDirectory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * {@code metrics.jsonl} of a run: one JSON object a line, on disk when {@link #write} returns. Where a file system shows a
 * file only when it is closed, as object stores do, the lines wait in memory and {@link #saving} rewrites the file. A number
 * that is not finite is null. Not thread-safe.
 */
public final class MetricsLog implements AutoCloseable {
    private static final String NAME = "metrics.jsonl";
    private static final double NANOS_PER_MILLISECOND = 1e6;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final RunDirectory run;
    private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
    private final Optional<OutputStream> growing;
    private boolean closed;

    /** Begins the log of a new run. */
    public MetricsLog(RunDirectory run) {
        this(run, Optional.of(run.grow(NAME)));
    }

    private MetricsLog(RunDirectory run, Optional<OutputStream> stream) {
        this.run = run;
        this.growing = stream.filter(MetricsLog::showsWhatIsFlushed);
        if (growing.isEmpty()) {
            stream.ifPresent(this::close);
        }
    }

    /**
     * The log of a run that goes on after the given count of rounds: what it says of later ones, and a last line that was
     * cut short, are gone. The file is written anew, so that nobody's hold on the old one is in the way.
     *
     * @param extra the round of a line that is there only because the run ended with it; gone too, unless it holds a
     *     validation
     */
    public static MetricsLog resumed(RunDirectory run, long rounds, OptionalLong extra) {
        byte[] kept = run.folder().has(NAME) ? until(rounds, extra, run.folder().read(NAME)) : new byte[0];
        MetricsLog log = new MetricsLog(run, run.regrow(NAME, kept));
        if (log.growing.isEmpty()) {
            log.waiting.writeBytes(kept);
        }
        return log;
    }

    private static byte[] until(long rounds, OptionalLong extra, byte[] lines) {
        StringBuilder kept = new StringBuilder();
        new String(lines, StandardCharsets.UTF_8)
                .lines()
                .takeWhile(line -> isOf(line, rounds))
                .filter(line -> extra.isEmpty() || !isOnly(line, extra.getAsLong()))
                .forEach(line -> kept.append(line).append('\n'));
        return kept.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isOf(String line, long rounds) {
        try {
            JsonNode round = JSON.readTree(line).path("round");
            return round.isNumber() && round.asLong() <= rounds;
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    private static boolean isOnly(String line, long extra) {
        try {
            JsonNode node = JSON.readTree(line);
            return node.path("round").asLong() == extra && !node.has("validation_loss");
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean showsWhatIsFlushed(OutputStream stream) {
        return stream instanceof FSDataOutputStream data && data.hasCapability(StreamCapabilities.HSYNC);
    }

    /** Appends a line. */
    public void write(RoundMetrics metrics) {
        run.folder().permit();
        byte[] line = line(metrics).getBytes(StandardCharsets.UTF_8);
        growing.ifPresentOrElse(stream -> append(stream, line), () -> waiting.writeBytes(line));
    }

    private void append(OutputStream stream, byte[] line) {
        try {
            stream.write(line);
            ((FSDataOutputStream) stream).hflush();
        } catch (FSError e) {
            throw cannotWrite(Folder.cause(e));
        } catch (IOException e) {
            throw cannotWrite(e);
        }
    }

    private UncheckedIOException cannotWrite(IOException e) {
        return new UncheckedIOException("cannot write " + run.folder().place(NAME) + ": " + e.getMessage(), e);
    }

    /**
     * What makes every line that is written by now durable; to be run at each checkpoint and at the end, on any thread,
     * one after the other.
     */
    public Runnable saving() {
        if (growing.isPresent()) {
            return () -> {};
        }
        byte[] lines = waiting.toByteArray();
        return () -> run.folder().replace(NAME, lines);
    }

    private static String line(RoundMetrics metrics) {
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
        try {
            return JSON.writeValueAsString(node) + "\n";
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
        if (!closed) {
            closed = true;
            growing.ifPresent(this::close);
        }
    }

    private void close(OutputStream stream) {
        try {
            stream.close();
        } catch (FSError e) {
            throw cannotWrite(Folder.cause(e));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close " + run.folder().place(NAME) + ": " + e.getMessage(), e);
        }
    }
}
