package dev.kindling.driver.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.checkpoint.RunDirectory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * {@code metrics.jsonl} of a run: one JSON object a line, on disk when {@link #write} returns. Where a file system shows a
 * file only when it is closed, as object stores do, the lines wait in memory and {@link #save} rewrites the file. A number
 * that is not finite is null. Not thread-safe.
 */
public final class MetricsLog implements AutoCloseable {
    private static final String NAME = "metrics.jsonl";
    private static final double NANOS_PER_MILLISECOND = 1e6;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final RunDirectory run;
    private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
    private final OutputStream growing;
    private final boolean visible;

    /** Begins the log of a new run. */
    public MetricsLog(RunDirectory run) {
        this.run = run;
        this.growing = run.grow(NAME);
        this.visible = growing instanceof StreamCapabilities stream && stream.hasCapability(StreamCapabilities.HSYNC);
        if (!visible) {
            close();
        }
    }

    /** Appends a line. */
    public void write(RoundMetrics metrics) {
        byte[] line = line(metrics).getBytes(StandardCharsets.UTF_8);
        if (!visible) {
            waiting.writeBytes(line);
            return;
        }
        try {
            growing.write(line);
            ((FSDataOutputStream) growing).hflush();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot write " + run.folder().place(NAME) + ": " + e.getMessage(), e);
        }
    }

    /** Makes every line durable; to be called at each checkpoint and at the end. */
    public void save() {
        if (!visible) {
            run.folder().replace(NAME, waiting.toByteArray());
        }
    }

    private static String line(RoundMetrics metrics) {
        ObjectNode node = JSON.createObjectNode();
        node.put("round", metrics.round());
        put(node, "query_loss", metrics.queryLoss());
        metrics.queryAccuracy().ifPresent(accuracy -> put(node, "query_accuracy", accuracy));
        put(node, "support_loss", metrics.supportLoss());
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
        try {
            growing.close();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot close " + run.folder().place(NAME) + ": " + e.getMessage(), e);
        }
    }
}
