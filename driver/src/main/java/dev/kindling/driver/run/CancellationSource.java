package dev.kindling.driver.run;

import dev.kindling.driver.error.StoppedEarlyException;
import dev.kindling.driver.training.CancellationToken;
import dev.kindling.driver.training.UncheckedExceptions;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Requests the end of a run. After a signal, the current round may take ten more seconds before it is interrupted;
 * after a time budget or a request by a program, it may finish. Thread-safe.
 */
public final class CancellationSource implements CancellationToken, AutoCloseable {
    private static final Duration GRACE = Duration.ofSeconds(10);

    /** How urgently work must end: which kinds of work are interrupted, in increasing order. */
    private enum Urgency {
        NONE,
        /** Only work that was run by {@link CancellationSource#runCancellable}. */
        REQUESTED,
        /** Also work that was run by {@link CancellationSource#runInterruptiblyAfterGrace}. */
        OVERDUE
    }

    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(CancellationSource::daemon);
    private Urgency urgency = Urgency.NONE;
    private @Nullable String reason;
    private @Nullable Thread worker;
    private Urgency interruptedFrom = Urgency.OVERDUE;
    private boolean isInterrupted;

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "kindling-stop");
        thread.setDaemon(true);
        return thread;
    }

    /** Requests the end after a duration from now. */
    public void after(Duration budget, String why) {
        Future<?> unused = timer.schedule(() -> request(why), budget.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Requests the end because of a signal, and interrupts the current round after the grace period of ten seconds. */
    public void signal(String name) {
        request(name);
        Future<?> unused = timer.schedule(() -> raise(Urgency.OVERDUE), GRACE.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Requests the end; the first reason given is retained. */
    public synchronized void request(String why) {
        if (reason == null) {
            reason = why;
        }
        raise(Urgency.REQUESTED);
    }

    /** Interrupts the current work immediately, without requesting an orderly end: the run fails. */
    public void abandon() {
        raise(Urgency.OVERDUE);
    }

    private synchronized void raise(Urgency to) {
        urgency = to.compareTo(urgency) > 0 ? to : urgency;
        interruptIfDue();
    }

    private void interruptIfDue() {
        if (worker != null && urgency.compareTo(interruptedFrom) >= 0) {
            worker.interrupt();
        }
    }

    @Override
    public synchronized boolean isCancelled() {
        return reason != null;
    }

    /** What requested the end: the name of a signal, or the option. */
    public synchronized String reason() {
        return reason == null ? "no request" : reason;
    }

    @Override
    public <T> T runInterruptiblyAfterGrace(Supplier<T> work) {
        return run(work, Urgency.OVERDUE);
    }

    @Override
    public <T> T runCancellable(Supplier<T> work) {
        return run(work, Urgency.REQUESTED);
    }

    /**
     * Runs work before a round, on this thread: it is interrupted as soon as the run is cancelled, and has no effect then.
     *
     * @param rounds that are done
     * @throws StoppedEarlyException if it failed after the run was cancelled, which explains the failure
     */
    public <T> T runBeforeRound(long rounds, Supplier<T> work) {
        try {
            return runCancellable(work);
        } catch (Exception e) {
            RuntimeException failure = UncheckedExceptions.unchecked(e);
            throw isCancelled() ? new StoppedEarlyException(rounds, failure) : failure;
        }
    }

    private <T> T run(Supplier<T> work, Urgency from) {
        enter(from);
        try {
            return work.get();
        } finally {
            leave();
        }
    }

    private synchronized void enter(Urgency from) {
        worker = Thread.currentThread();
        interruptedFrom = from;
        interruptIfDue();
    }

    private synchronized void leave() {
        worker = null;
        // Clears the interrupt: it must not reach the writing and closing of files after this work.
        boolean isOther = Thread.interrupted() && urgency.compareTo(interruptedFrom) < 0;
        if (isOther) {
            isInterrupted = true;
            request("an interruption of the thread");
        }
    }

    /** Whether the thread that does the work was interrupted by others, which requests the end. */
    public synchronized boolean isInterrupted() {
        return isInterrupted;
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
