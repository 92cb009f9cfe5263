package dev.kindling.job.executor;

import dev.kindling.job.backend.Device;
import dev.kindling.job.runner.WorkerPool;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/** Registers the worker pools of runs in Spark's local mode, where Spark tasks run in the driver's JVM. Thread-safe. */
public final class LocalWorkerRegistry {
    private record Entry(WorkerPool pool, BooleanSupplier open, LongConsumer started) {}

    private static final Map<String, Entry> RUNS = new ConcurrentHashMap<>();

    private LocalWorkerRegistry() {}

    /**
     * Registers a run.
     *
     * @param run its name
     * @param open whether the run has further rounds
     * @param started called with the id of each worker job that has started
     */
    public static void open(String run, WorkerPool pool, BooleanSupplier open, LongConsumer started) {
        RUNS.put(run, new Entry(pool, open, started));
    }

    /** Removes a run; its workers return when its {@code open} is false. */
    public static void close(String run) {
        RUNS.remove(run);
    }

    static void runWorker(String run, long workerJobId, Device device, BooleanSupplier stay) {
        @Nullable Entry entry = RUNS.get(run);
        if (entry != null) {
            entry.started.accept(workerJobId);
            entry.pool.runWorker(device, () -> entry.open.getAsBoolean() && stay.getAsBoolean());
        }
    }
}
