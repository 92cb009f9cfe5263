package dev.kindling.driver.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.checkpoint.RunDirectory;
import java.util.SortedMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;

/**
 * Receives what is known of a run, to log it to a tracking server. Its methods return at once and do not fail: a server that cannot be
 * reached during a run is reported in one message and does not end the run.
 */
public interface RunTracker extends AutoCloseable {
    /** How a run ended. */
    enum End {
        FINISHED,
        STOPPED,
        FAILED
    }

    /** No tracking. */
    RunTracker NONE = new RunTracker() {
        @Override
        public boolean isNew() {
            return false;
        }

        @Override
        public void line(JsonNode line) {}

        @Override
        public void evaluation(byte[] json) {}

        @Override
        public void file(String name, byte[] content) {}

        @Override
        public void end(End end) {}

        @Override
        public void close() {}
    };

    /**
     * A tracker of a run that starts or is resumed; {@link #NONE} if no server is configured.
     *
     * @param parameters the settings of the run by key
     * @param hadoop for files that the server wants at a place of their own
     * @param warning receives a single-line message if the server does not take everything
     * @throws IllegalArgumentException if the client's classes are missing or the server cannot be reached
     */
    static RunTracker open(
            TrackingSettings settings,
            RunDirectory run,
            SortedMap<String, String> parameters,
            Provenance provenance,
            Configuration hadoop,
            Consumer<String> warning) {
        return settings.uri().isEmpty()
                ? NONE
                : withClient(
                        settings, () -> MlflowTracker.open(settings, run, parameters, provenance, hadoop, warning));
    }

    /**
     * Refuses a server that cannot be used, before there is a run; nothing is logged.
     *
     * @throws IllegalArgumentException if the client's classes are missing or the server cannot be reached
     */
    static void requireUsable(TrackingSettings settings) {
        if (!settings.uri().isEmpty()) {
            withClient(settings, () -> {
                MlflowTracker.requireReachable(settings);
                return NONE;
            });
        }
    }

    private static RunTracker withClient(TrackingSettings settings, Supplier<RunTracker> work) {
        try {
            return work.get();
        } catch (NoClassDefFoundError e) {
            throw new IllegalArgumentException(
                    "run.mlflow is " + settings.uri() + ", for which MLflow's client is not on the class path ("
                            + e.getMessage()
                            + "); add org.mlflow:mlflow-client, with --packages of spark-submit or as a "
                            + "jar in driver-libs, or leave run.mlflow out",
                    e);
        }
    }

    /** Whether the server had no entry of the run before. */
    boolean isNew();

    /** Logs the numbers of a line of {@code metrics.jsonl}. */
    void line(JsonNode line);

    /** Logs {@code evaluation.json}, and the results in it by inner step. */
    void evaluation(byte[] json);

    /** Logs a file. */
    void file(String name, byte[] content);

    /** Logs how the run ended and waits until everything is logged. Nothing may be logged afterwards. */
    void end(End end);

    /** Ends the run as failed unless it has ended. */
    @Override
    void close();
}
