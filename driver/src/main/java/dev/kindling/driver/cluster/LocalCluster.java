package dev.kindling.driver.cluster;

import dev.kindling.job.backend.Device;
import dev.kindling.job.runner.Assignment;
import dev.kindling.job.runner.Crew;
import dev.kindling.job.runner.Runner;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.WorkReply;
import java.time.Duration;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * A cluster of threads in this JVM, without bytes: Spark's local mode, proofs of a configuration, measurements and tests.
 * The caller's thread works too; with no other everything runs on it.
 */
public final class LocalCluster implements Cluster {
    /** Longer than the driver's work between two rounds, so that its helpers are awake when the next one comes. */
    private static final Duration WATCH = Duration.ofMillis(2);

    private final Job job;
    private final Crew crew;
    private volatile boolean closed;
    private long version;

    /**
     * Opens the job.
     *
     * @param threads at least 1, the caller's included
     * @throws dev.kindling.job.task.BadDataException as {@link Runner#open}
     * @throws IllegalArgumentException as {@link Runner#open}
     */
    public LocalCluster(Job job, Configuration hadoop, int threads) {
        this(job, Runner.open(job, hadoop), threads);
    }

    /** A cluster over a job that is already open. */
    public LocalCluster(Job job, Runner runner, int threads) {
        this(job, runner);
        if (threads < 1) {
            throw new IllegalArgumentException("a local cluster has " + threads + " threads; it must have at least 1");
        }
        for (int i = 1; i < threads; i++) {
            Thread thread = new Thread(() -> crew.lend(Device.PROCESSOR, this::isOpen), "kindling-local-" + i);
            thread.setDaemon(true);
            thread.start();
        }
    }

    /** A cluster of the caller's thread and of those that others lend to {@link #crew}. */
    public LocalCluster(Job job, Runner runner) {
        this.job = job;
        this.crew = new Crew(runner, WATCH);
    }

    /** Who helps the caller's thread. */
    public Crew crew() {
        return crew;
    }

    /** Whether there may be another round. */
    public boolean isOpen() {
        return !closed;
    }

    @Override
    public RoundResult run(Request request, Storage shared, Ahead ahead) {
        SharedVector vector = new SharedVector(++version, shared);
        Round round = new Round(job, request, version, List.of(1));
        WorkReply reply = finish(request, crew.post(round.orders().get(0), vector, "local", 1));
        long begin = System.nanoTime();
        round.accept(reply);
        return round.result(0, 0, RoundTimes.of(reply.nanos(), System.nanoTime() - begin, 0));
    }

    private WorkReply finish(Request request, Assignment assignment) {
        try {
            return crew.finish(assignment);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException(request + " was interrupted", e);
        }
    }

    @Override
    public void close() {
        closed = true;
        crew.close();
    }
}
