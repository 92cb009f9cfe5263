package dev.kindling.driver.cluster;

import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.backend.Device;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.runner.CompiledJob;
import dev.kindling.job.runner.RangeExecution;
import dev.kindling.job.runner.WorkerPool;
import dev.kindling.job.tensor.FlatVector;
import java.time.Duration;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * A cluster of threads in this JVM that encodes nothing: for Spark's local mode, checks of a configuration, measurements and
 * tests. The caller's thread is a worker, too.
 */
public final class LocalCluster implements Cluster {
    /** Longer than the driver's work between two rounds, so that other workers are awake when the next one begins. */
    private static final Duration IDLE_SPIN = Duration.ofMillis(2);

    private final Job job;
    private final WorkerPool pool;
    private volatile boolean closed;
    private long version;

    /**
     * Opens the job.
     *
     * @param threads at least 1, including the caller's
     * @throws dev.kindling.job.error.BadDataException as {@link CompiledJob#open}
     * @throws IllegalArgumentException as {@link CompiledJob#open}
     */
    public LocalCluster(Job job, Configuration hadoop, int threads) {
        this(job, CompiledJob.open(job, hadoop), threads);
    }

    /** A cluster over a job that is already open. */
    public LocalCluster(Job job, CompiledJob compiled, int threads) {
        this(job, compiled);
        if (threads < 1) {
            throw new IllegalArgumentException("a local cluster has " + threads + " threads; it must have at least 1");
        }
        for (int i = 1; i < threads; i++) {
            Thread thread = new Thread(() -> pool.runWorker(Device.PROCESSOR, this::isOpen), "kindling-local-" + i);
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** A cluster of the caller's thread and of the workers of {@link #pool}. */
    public LocalCluster(Job job, CompiledJob compiled) {
        this.job = job;
        this.pool = new WorkerPool(compiled, IDLE_SPIN);
    }

    /** The pool of the other workers. */
    public WorkerPool pool() {
        return pool;
    }

    /** Whether there may be further rounds. */
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher) {
        BroadcastVector vector = new BroadcastVector(++version, shared);
        RoundTracker tracker = new RoundTracker(job, request, version, List.of(1));
        RangeResult result = finish(request, pool.submit(tracker.requests().get(0), vector, "local", 1));
        long begin = System.nanoTime();
        tracker.accept(result);
        return tracker.result(0, 0, ExecutorTimings.of(result.nanos(), System.nanoTime() - begin, 0));
    }

    private RangeResult finish(RoundRequest request, RangeExecution execution) {
        try {
            return pool.helpAndAwait(execution);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException(request + " was interrupted", e);
        }
    }

    @Override
    public void close() {
        closed = true;
        pool.close();
    }
}
