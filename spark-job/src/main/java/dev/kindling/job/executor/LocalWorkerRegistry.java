package dev.kindling.job.executor;

import dev.kindling.job.backend.Device;
import dev.kindling.job.runner.WorkerPool;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** The crews of this JVM's own runs: in local mode a Spark task finds here whom to lend its thread to. Thread-safe. */
public final class LocalWorkerRegistry {
    private record Entry(WorkerPool pool, BooleanSupplier open, LongConsumer started) {}

    private static final Map<String, Entry> RUNS = new ConcurrentHashMap<>();

    private LocalWorkerRegistry() {}

    /**
     * Opens a run for worker jobs.
     *
     * @param run its name
     * @param open whether it goes on
     * @param started is told the ticket of each worker job that has started
     */
    public static void open(String run, WorkerPool pool, BooleanSupplier open, LongConsumer started) {
        RUNS.put(run, new Entry(pool, open, started));
    }

    /** Forgets a run; who serves it is let go by its own word. */
    public static void close(String run) {
        RUNS.remove(run);
    }

    static void runWorker(String run, long ticket, Device device, BooleanSupplier stay) {
        @Nullable Entry entry = RUNS.get(run);
        if (entry != null) {
            entry.started.accept(ticket);
            entry.pool.runWorker(device, () -> entry.open.getAsBoolean() && stay.getAsBoolean());
        }
    }
}
