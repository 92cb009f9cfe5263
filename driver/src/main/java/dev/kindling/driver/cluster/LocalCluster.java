package dev.kindling.driver.cluster;

import dev.kindling.job.runner.Runner;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.hadoop.conf.Configuration;

/**
 * A cluster of threads in this JVM, without Spark and without bytes: for proofs of a configuration, measurements and
 * tests. With one thread everything runs on the caller's.
 */
public final class LocalCluster implements Cluster {
    private final Job job;
    private final Runner runner;
    private final int threads;
    private final ExecutorService others;
    private long version;

    /**
     * Opens the job.
     *
     * @param threads at least 1
     * @throws dev.kindling.job.task.BadDataException as {@link Runner#open}
     * @throws IllegalArgumentException as {@link Runner#open}
     */
    public LocalCluster(Job job, Configuration hadoop, int threads) {
        this(job, Runner.open(job, hadoop), threads);
    }

    /** A cluster over a job that is already open. */
    public LocalCluster(Job job, Runner runner, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException("a local cluster has " + threads + " threads; it must have at least 1");
        }
        this.job = job;
        this.runner = runner;
        this.threads = threads;
        this.others = Executors.newCachedThreadPool(LocalCluster::daemon);
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "kindling-local");
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public RoundResult run(Request request, Storage shared, Ahead ahead) {
        SharedVector vector = new SharedVector(++version, shared);
        Round round = new Round(job, request, version, threads);
        List<CompletableFuture<WorkReply>> replies = round.orders().stream()
                .skip(1)
                .map(order -> CompletableFuture.supplyAsync(() -> work(order, vector), others))
                .toList();
        WorkReply.Nanos last;
        try {
            WorkReply mine = work(round.orders().get(0), vector);
            round.accept(mine);
            last = mine.nanos();
        } finally {
            // Nobody may read the shared vector any more once this method has returned.
            CompletableFuture.allOf(replies.toArray(CompletableFuture<?>[]::new))
                    .exceptionally(failure -> null)
                    .join();
        }
        long begin = System.nanoTime();
        replies.forEach(reply -> round.accept(take(reply)));
        return round.result(0, 0, RoundTimes.of(last, System.nanoTime() - begin, 0));
    }

    private WorkReply work(WorkOrder order, SharedVector vector) {
        return runner.run(order, vector, Thread.currentThread().getName());
    }

    private static WorkReply take(CompletableFuture<WorkReply> reply) {
        try {
            return reply.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException exception) {
                throw exception;
            }
            throw new ClusterException("a local worker failed: " + e.getCause(), e);
        }
    }

    @Override
    public void close() {
        others.shutdown();
    }
}
