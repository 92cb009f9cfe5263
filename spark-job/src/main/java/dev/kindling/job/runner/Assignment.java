package dev.kindling.job.runner;

import dev.kindling.job.backend.Device;
import dev.kindling.job.fold.Fold;
import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.wire.FailedTask;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/**
 * One order under way in one JVM, on any number of threads: whoever has time takes blocks of it, and who finishes the
 * last one merges what all have done. Thread-safe.
 */
public final class Assignment {
    private final WorkOrder order;
    private final SharedVector shared;
    private final Bench bench;
    private final String worker;
    private final long begin = System.nanoTime();
    private final Spans spans;
    private final AtomicInteger unfinished;
    private final ConcurrentLinkedQueue<Hand.Part> parts = new ConcurrentLinkedQueue<>();
    private final double[] rows;
    /** Nanoseconds of each task, where rows are asked for. */
    private final long[] times;

    private final CompletableFuture<WorkReply> reply = new CompletableFuture<>();

    Assignment(WorkOrder order, SharedVector shared, Bench bench, int blockSize, String worker, int threads) {
        this.order = order;
        this.shared = shared;
        this.bench = bench;
        this.worker = worker;
        int first = order.firstTask() / blockSize;
        int count = (order.specs().size() + blockSize - 1) / blockSize;
        this.spans = new Spans(first, first + count, threads);
        this.unfinished = new AtomicInteger(count);
        this.times = new long[order.rows() ? order.specs().size() : 0];
        this.rows = new double[order.rows() ? Math.multiplyExact(order.specs().size(), bench.width()) : 0];
    }

    /**
     * The reply, completed by the thread that finishes the last block; exceptionally by one that cannot run its block.
     */
    public CompletableFuture<WorkReply> reply() {
        return reply;
    }

    /** Whether there is a block that nobody has taken. */
    boolean hasBlocks() {
        return spans.any() && !reply.isDone();
    }

    /**
     * Runs blocks on the calling thread until none is left.
     *
     * @param device of the thread
     * @param stay asked between two blocks; where it says no, the blocks that are left stay for others
     * @return whether it ran any
     */
    boolean takePart(Device device, BooleanSupplier stay) {
        int home = spans.home();
        int block = spans.take(home);
        if (block == Spans.NONE || reply.isDone()) {
            return false;
        }
        try {
            int done = run(device, home, block, stay);
            if (unfinished.addAndGet(-done) == 0) {
                reply.complete(merged());
            }
        } catch (RuntimeException | Error e) {
            reply.completeExceptionally(e);
        }
        return true;
    }

    /** Runs blocks, beginning with the given one; returns how many. */
    private int run(Device device, int home, int first, BooleanSupplier stay) {
        Hand hand = bench.borrow(device);
        boolean sound = false;
        try {
            hand.begin(order, shared, rows, times);
            int done = 0;
            int block = first;
            while (block != Spans.NONE) {
                int count = 1 + spans.takeBehind(home, block, hand.blocksAtOnce(block) - 1);
                hand.run(block, count);
                done += count;
                block = stay.getAsBoolean() && !reply.isDone() ? spans.take(home) : Spans.NONE;
            }
            parts.add(hand.end());
            sound = true;
            return done;
        } finally {
            if (sound) {
                bench.giveBack(hand);
            } else {
                hand.close();
            }
        }
    }

    /**
     * Takes part on the calling thread, then waits for the others.
     *
     * @param device of the thread
     * @param watch nanoseconds of waiting without sleeping
     * @throws InterruptedException if the calling thread is interrupted; nobody goes on with the assignment then
     */
    WorkReply finish(Device device, long watch) throws InterruptedException {
        takePart(device, () -> !Thread.currentThread().isInterrupted());
        long from = System.nanoTime();
        while (!reply.isDone() && System.nanoTime() - from < watch) {
            Thread.onSpinWait();
        }
        try {
            return reply.get();
        } catch (InterruptedException e) {
            // Whoever still works on it stops after its block.
            reply.completeExceptionally(e);
            throw e;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException exception) {
                throw exception;
            }
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(e);
        }
    }

    private WorkReply merged() {
        long from = System.nanoTime();
        Fold fold = new Fold(order.blocks());
        List<FailedTask> failed = new ArrayList<>();
        long materialise = 0;
        long compute = 0;
        for (Hand.Part part : parts) {
            part.nodes().forEach(fold::add);
            failed.addAll(part.failed());
            materialise += part.materialise();
            compute += part.compute();
        }
        List<FoldNode> nodes = fold.nodes();
        long now = System.nanoTime();
        WorkReply.Nanos nanos =
                new WorkReply.Nanos(materialise / parts.size(), compute / parts.size(), now - from, now - begin, times);
        return new WorkReply(order.firstTask(), nodes, failed, rows, worker, nanos);
    }
}
