package dev.kindling.job.runner;

import dev.kindling.job.backend.Device;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.OutputMode;
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
 * One range that is being run in one JVM by any number of threads: idle threads take blocks of it, and the thread that
 * finishes the last block merges the partial sums of all. Thread-safe.
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
    /** Nanoseconds of each task, for {@link OutputMode#PER_TASK}. */
    private final long[] taskNanos;

    private final CompletableFuture<RangeResult> completion = new CompletableFuture<>();

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
        int reported =
                request.outputs() == OutputMode.PER_TASK ? request.specs().size() : 0;
        this.taskNanos = new long[reported];
        this.perTaskOutputs = new double[Math.multiplyExact(reported, runners.width())];
    }

    /**
     * The result, completed by the thread that finishes the last block; exceptionally by one that fails to run its block.
     */
    public CompletableFuture<RangeResult> result() {
        return completion;
    }

    /** Whether there is a block that no thread has taken. */
    boolean hasBlocks() {
        return ranges.any() && !completion.isDone();
    }

    /**
     * Runs blocks on the calling thread until none is left.
     *
     * @param device of the thread
     * @param stay checked between blocks; if false, the remaining blocks are left to other threads
     * @return whether it ran any
     */
    boolean takePart(Device device, BooleanSupplier stay) {
        int span = ranges.assignSpan();
        int block = ranges.take(span);
        if (block == WorkStealingRanges.NONE || completion.isDone()) {
            return false;
        }
        try {
            int done = run(device, span, block, stay);
            if (unfinished.addAndGet(-done) == 0) {
                completion.complete(merged());
            }
        } catch (RuntimeException | Error e) {
            completion.completeExceptionally(e);
        }
        return true;
    }

    /** Runs blocks from the given one on; returns their number. */
    private int run(Device device, int span, int first, BooleanSupplier stay) {
        BlockRunner runner = runners.acquire(device);
        boolean succeeded = false;
        try {
            BlockRunner.RangeRun run = runner.begin(request, shared, perTaskOutputs, taskNanos);
            int done = 0;
            int block = first;
            while (block != WorkStealingRanges.NONE) {
                int count = 1 + ranges.takeNext(span, block, run.blocksAtOnce(block) - 1);
                run.run(block, count);
                done += count;
                block = stay.getAsBoolean() && !completion.isDone() ? ranges.take(span) : WorkStealingRanges.NONE;
            }
            results.add(run.end());
            succeeded = true;
            return done;
        } finally {
            if (succeeded) {
                runners.release(runner);
            } else {
                runner.close();
            }
        }
    }

    /**
     * Runs blocks on the calling thread, then waits for the other threads.
     *
     * @param device of the thread
     * @param spinNanos nanoseconds of waiting without sleeping
     * @throws InterruptedException if the calling thread is interrupted; the range is then abandoned
     */
    RangeResult finish(Device device, long spinNanos) throws InterruptedException {
        takePart(device, () -> !Thread.currentThread().isInterrupted());
        long from = System.nanoTime();
        while (!completion.isDone() && System.nanoTime() - from < spinNanos) {
            Thread.onSpinWait();
        }
        try {
            return completion.get();
        } catch (InterruptedException e) {
            // Threads that still run a block stop after it.
            completion.completeExceptionally(e);
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
                materialise / results.size(), compute / results.size(), now - from, now - begin, taskNanos);
        return new RangeResult(request.firstTask(), sums, failed, perTaskOutputs, worker, nanos);
    }
}
