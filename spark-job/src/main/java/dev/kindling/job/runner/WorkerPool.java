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
 * Threads of one JVM that run orders of one job together. It starts none: who has one to spare lends it. A thread without
 * work watches for it a moment before it sleeps, because waking one up costs as much as a small round. Thread-safe.
 */
public final class WorkerPool implements AutoCloseable {
    /** A thread that sleeps asks this often whether it should stay. */
    private static final long NAP = Duration.ofMillis(100).toNanos();

    private static final int LOOKS_PER_CLOCK = 32;

    private final CompiledJob compiled;
    private final long idleSpin;
    private final CopyOnWriteArrayList<RangeExecution> open = new CopyOnWriteArrayList<>();
    private final Set<Thread> asleep = ConcurrentHashMap.newKeySet();
    private final AtomicInteger threads = new AtomicInteger();

    /**
     * A crew of nobody.
     *
     * @param watch how long a lent thread looks for work before it sleeps: about the time between two rounds, or none
     *     where the processor has better things to do
     */
    public WorkerPool(CompiledJob compiled, Duration watch) {
        this.compiled = compiled;
        this.idleSpin = watch.toNanos();
    }

    /** Gives back the memory of the runner's workspaces; those in use when they are done. */
    @Override
    public void close() {
        compiled.close();
    }

    /** How many threads are lent at the moment. */
    public int threads() {
        return threads.get();
    }

    /**
     * Puts an order before the crew.
     *
     * @param helpers threads that will {@link #helpAndAwait} it, beside those that are lent
     * @throws IllegalStateException if order, vector and job do not belong together
     */
    public RangeExecution submit(RangeRequest request, BroadcastVector shared, String worker, int helpers) {
        RangeExecution execution = compiled.assign(request, shared, worker, threads() + helpers);
        open.removeIf(one -> one.reply().isDone());
        open.add(execution);
        asleep.forEach(LockSupport::unpark);
        return execution;
    }

    /**
     * Lends the calling thread for as long as it should stay.
     *
     * @param device that the thread was given; its programs run there
     */
    public void runWorker(Device device, BooleanSupplier stay) {
        threads.incrementAndGet();
        try {
            long idleSince = System.nanoTime();
            for (int looks = 1; ; looks++) {
                if (work(device, stay)) {
                    idleSince = System.nanoTime();
                } else if (looks % LOOKS_PER_CLOCK != 0) {
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
            // Who posts now either sees this thread asleep or is seen here.
            if (open.stream().noneMatch(RangeExecution::hasBlocks)) {
                LockSupport.parkNanos(this, NAP);
            }
        } finally {
            asleep.remove(Thread.currentThread());
        }
    }

    /**
     * Works on an assignment, on the processor, until its reply is there, and throws what a thread of the crew threw over it.
     *
     * @throws InterruptedException if the calling thread is interrupted; nobody goes on with the assignment then
     */
    public RangeResult helpAndAwait(RangeExecution execution) throws InterruptedException {
        try {
            return execution.finish(Device.PROCESSOR, idleSpin);
        } finally {
            open.remove(execution);
        }
    }
}
