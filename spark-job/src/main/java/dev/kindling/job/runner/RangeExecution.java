package dev.kindling.job.runner;

import dev.kindling.job.backend.Device;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.reduce.TreeReducer;
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
public final class RangeExecution {
    private final RangeRequest request;
    private final BroadcastVector shared;
    private final BlockRunnerPool runners;
    private final String worker;
    private final long begin = System.nanoTime();
    private final WorkStealingRanges ranges;
    private final AtomicInteger unfinished;
    private final ConcurrentLinkedQueue<BlockRunner.Result> results = new ConcurrentLinkedQueue<>();
    private final double[] perTaskOutputs;
    /** Nanoseconds of each task, where rows are asked for. */
    private final long[] times;

    private final CompletableFuture<RangeResult> reply = new CompletableFuture<>();

    RangeExecution(
            RangeRequest request,
            BroadcastVector shared,
            BlockRunnerPool runners,
            int blockSize,
            String worker,
            int threads) {
        this.request = request;
        this.shared = shared;
        this.runners = runners;
        this.worker = worker;
        int first = request.firstTask() / blockSize;
        int count = (request.specs().size() + blockSize - 1) / blockSize;
        this.ranges = new WorkStealingRanges(first, first + count, threads);
        this.unfinished = new AtomicInteger(count);
        this.times = new long[request.perTaskOutputs() ? request.specs().size() : 0];
        this.perTaskOutputs = new double
                [request.perTaskOutputs() ? Math.multiplyExact(request.specs().size(), runners.width()) : 0];
    }

    /**
     * The reply, completed by the thread that finishes the last block; exceptionally by one that cannot run its block.
     */
    public CompletableFuture<RangeResult> reply() {
        return reply;
    }

    /** Whether there is a block that nobody has taken. */
    boolean hasBlocks() {
        return ranges.any() && !reply.isDone();
    }

    /**
     * Runs blocks on the calling thread until none is left.
     *
     * @param device of the thread
     * @param stay asked between two blocks; where it says no, the blocks that are left stay for others
     * @return whether it ran any
     */
    boolean takePart(Device device, BooleanSupplier stay) {
        int home = ranges.home();
        int block = ranges.take(home);
        if (block == WorkStealingRanges.NONE || reply.isDone()) {
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
        BlockRunner runner = runners.acquire(device);
        boolean sound = false;
        try {
            runner.begin(request, shared, perTaskOutputs, times);
            int done = 0;
            int block = first;
            while (block != WorkStealingRanges.NONE) {
                int count = 1 + ranges.takeBehind(home, block, runner.blocksAtOnce(block) - 1);
                runner.run(block, count);
                done += count;
                block = stay.getAsBoolean() && !reply.isDone() ? ranges.take(home) : WorkStealingRanges.NONE;
            }
            results.add(runner.end());
            sound = true;
            return done;
        } finally {
            if (sound) {
                runners.release(runner);
            } else {
                runner.close();
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
    RangeResult finish(Device device, long watch) throws InterruptedException {
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

    private RangeResult merged() {
        long from = System.nanoTime();
        TreeReducer reducer = new TreeReducer(request.blocks());
        List<FailedTask> failed = new ArrayList<>();
        long materialise = 0;
        long compute = 0;
        for (BlockRunner.Result result : results) {
            result.sums().forEach(reducer::add);
            failed.addAll(result.failed());
            materialise += result.materialise();
            compute += result.compute();
        }
        List<PartialSum> sums = reducer.nodes();
        long now = System.nanoTime();
        RangeResult.Nanos nanos = new RangeResult.Nanos(
                materialise / results.size(), compute / results.size(), now - from, now - begin, times);
        return new RangeResult(request.firstTask(), sums, failed, perTaskOutputs, worker, nanos);
    }
}
