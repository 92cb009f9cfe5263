package dev.kindling.job.runner;

import dev.kindling.job.backend.Device;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The threads of one JVM that run ranges of one job together. The pool starts no thread: Spark tasks and callers enter it
 * with {@link #runWorker}. An idle thread spins for a while before it sleeps, because waking a thread takes as long as a
 * small round. Thread-safe.
 */
public final class WorkerPool implements AutoCloseable {
    /** Interval at which a sleeping thread checks whether it should stay. */
    private static final long SLEEP = Duration.ofMillis(100).toNanos();

    private static final int SPINS_PER_CHECK = 32;

    private final CompiledJob compiled;
    private final long idleSpin;
    private final CopyOnWriteArrayList<RangeExecution> open = new CopyOnWriteArrayList<>();
    private final Set<Thread> asleep = ConcurrentHashMap.newKeySet();
    private final AtomicInteger threads = new AtomicInteger();

    /**
     * A pool without threads.
     *
     * @param spin how long an idle worker spins before it sleeps: about the time between two rounds, or zero where other
     *     threads need the processor
     */
    public WorkerPool(CompiledJob compiled, Duration spin) {
        this.compiled = compiled;
        this.idleSpin = spin.toNanos();
    }

    /** Releases the memory of the job's workspaces; of those in use when they are released. */
    @Override
    public void close() {
        compiled.close();
    }

    /** Number of workers at the moment. */
    public int threads() {
        return threads.get();
    }

    /**
     * Offers a range to the workers.
     *
     * @param helpers number of threads that will {@link #helpAndAwait} it, in addition to the workers
     * @throws IllegalStateException if request, vector and job do not match
     */
    public RangeExecution submit(RangeRequest request, BroadcastVector shared, String worker, int helpers) {
        RangeExecution execution = compiled.start(request, shared, worker, threads() + helpers);
        open.removeIf(one -> one.result().isDone());
        open.add(execution);
        asleep.forEach(LockSupport::unpark);
        return execution;
    }

    /**
     * Makes the calling thread a worker until {@code stay} returns false.
     *
     * @param device that Spark has assigned to the thread; its programs run there
     */
    public void runWorker(Device device, BooleanSupplier stay) {
        threads.incrementAndGet();
        try {
            long idleSince = System.nanoTime();
            for (int spins = 1; ; spins++) {
                if (work(device, stay)) {
                    idleSince = System.nanoTime();
                } else if (spins % SPINS_PER_CHECK != 0) {
                    Thread.onSpinWait();
                } else if (!stay.getAsBoolean()) {
                    return;
                } else if (System.nanoTime() - idleSince >= idleSpin) {
                    sleep();
                }
            }
        } finally {
            threads.decrementAndGet();
        }
    }

    private boolean work(Device device, BooleanSupplier stay) {
        for (RangeExecution execution : open) {
            if (execution.hasBlocks() && execution.takePart(device, stay)) {
                return true;
            }
        }
        return false;
    }

    private void sleep() {
        asleep.add(Thread.currentThread());
        try {
            // A range submitted now either finds this thread asleep and wakes it, or is found here.
            if (open.stream().noneMatch(RangeExecution::hasBlocks)) {
                LockSupport.parkNanos(this, SLEEP);
            }
        } finally {
            asleep.remove(Thread.currentThread());
        }
    }

    /**
     * Runs blocks of a range on the calling thread, on the processor, waits for its result and rethrows the exception of any
     * thread that failed.
     *
     * @throws InterruptedException if the calling thread is interrupted; the range is then abandoned
     */
    public RangeResult helpAndAwait(RangeExecution execution) throws InterruptedException {
        try {
            return execution.finish(Device.PROCESSOR, idleSpin);
        } finally {
            open.remove(execution);
        }
    }
}
