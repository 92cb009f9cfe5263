package dev.kindling.driver.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.storage.AtomicDirectory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * Writer of a run's {@code metrics.jsonl}: one JSON object per line, visible to readers when {@link #write} returns. On file
 * systems that publish a file only when it is closed, such as object stores, the lines are buffered in memory and {@link
 * #syncAction} rewrites the file. Values that are not finite are written as null. Not thread-safe.
 */
public final class MetricsWriter implements AutoCloseable {
    private static final String NAME = "metrics.jsonl";
    private static final double NANOS_PER_MILLISECOND = 1e6;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final RunDirectory run;
    private final ByteArrayOutputStream buffered = new ByteArrayOutputStream();
    private final Optional<FSDataOutputStream> appending;
    private boolean closed;

    /** Creates the metrics file of a new run. */
    public MetricsWriter(RunDirectory run) {
        this(run, Optional.of(run.createStream(NAME)));
    }

    private MetricsWriter(RunDirectory run, Optional<FSDataOutputStream> stream) {
        this.run = run;
        this.appending = stream.filter(MetricsWriter::isVisibleAfterFlush);
        if (appending.isEmpty()) {
            stream.ifPresent(this::close);
        }
    }

    /**
     * Continues the metrics file of a run that is resumed after the given number of rounds: lines of later rounds and
     * damaged lines are removed. The file is rewritten, because another process may still hold the old one open.
     *
     * @param extra the round of a line that was written only because the run ended there; removed too, unless it holds a
     *     validation
     * @param warning receives a single-line message about damaged lines
     */
    public static MetricsWriter resumed(RunDirectory run, long rounds, OptionalLong extra, Consumer<String> warning) {
        MetricsLines lines =
                MetricsLines.of(run.folder().has(NAME) ? run.folder().read(NAME) : new byte[0]);
        lines.warning(run.folder().place(NAME)).ifPresent(warning);
        byte[] retained = until(rounds, extra, lines);
        MetricsWriter log = new MetricsWriter(run, run.replaceAndAppend(NAME, retained));
        if (log.appending.isEmpty()) {
            log.buffered.writeBytes(retained);
        }
        return log;
    }

    private static byte[] until(long rounds, OptionalLong extra, MetricsLines lines) {
        return lines.whole().stream()
                .filter(line -> line.round() <= rounds)
                .filter(line -> extra.isEmpty() || !isExtra(line, extra.getAsLong()))
                .map(line -> line.text() + "\n")
                .collect(Collectors.joining())
                .getBytes(StandardCharsets.UTF_8);
    }

    private static boolean isExtra(MetricsLines.Line line, long extra) {
        return line.round() == extra && !line.content().has("validation_loss");
    }

    private static boolean isVisibleAfterFlush(FSDataOutputStream stream) {
        return stream.hasCapability(StreamCapabilities.HSYNC);
    }

    /** Appends the line of a round. */
    public void write(RoundMetrics metrics) {
        run.folder().ensureWritable();
        byte[] line = line(metrics).getBytes(StandardCharsets.UTF_8);
        appending.ifPresentOrElse(stream -> append(stream, line), () -> buffered.writeBytes(line));
    }

    private void append(FSDataOutputStream stream, byte[] line) {
        try {
            stream.write(line);
            stream.hflush();
        } catch (FSError e) {
            throw cannotWrite(AtomicDirectory.cause(e));
        } catch (IOException e) {
            throw cannotWrite(e);
        }
    }

    private UncheckedIOException cannotWrite(IOException e) {
        return new UncheckedIOException("cannot write " + run.folder().place(NAME) + ": " + e.getMessage(), e);
    }

    /**
     * An action that makes every line written so far durable; to be run at each checkpoint and at the end of the run. It may run
     * on another thread while lines are written, but no two of them concurrently.
     */
    public Runnable syncAction() {
        if (appending.isPresent()) {
            FSDataOutputStream stream = appending.get();
            return () -> sync(stream);
        }
        byte[] lines = buffered.toByteArray();
        return () -> run.folder().replace(NAME, lines);
    }

    private void sync(FSDataOutputStream stream) {
        try {
            stream.hsync();
        } catch (FSError e) {
            throw cannotWrite(AtomicDirectory.cause(e));
        } catch (IOException e) {
            throw cannotWrite(e);
        }
        run.folder().sync();
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
            appending.ifPresent(this::close);
        }
    }

    private void close(FSDataOutputStream stream) {
        try {
            stream.close();
        } catch (FSError e) {
            throw cannotWrite(AtomicDirectory.cause(e));
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close " + run.folder().place(NAME) + ": " + e.getMessage(), e);
        }
    }
}
