package dev.kindling.driver.run;

import dev.kindling.driver.training.CancellationToken;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The wish that a run ends early: of a signal, which waits ten seconds for the round that is under way, or of a time
 * budget, which waits as long as the round takes. Thread-safe.
 */
public final class CancellationSource implements CancellationToken, AutoCloseable {
    private static final Duration GRACE = Duration.ofSeconds(10);

    /** How eagerly the work that is under way is broken off. */
    private enum Haste {
        NONE,
        /** Only what nobody waits for. */
        REQUESTED,
        /** Whatever may be. */
        OVERDUE
    }

    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(CancellationSource::daemon);
    private Haste haste = Haste.NONE;
    private @Nullable String reason;
    private @Nullable Thread worker;
    private Haste breaksAt = Haste.OVERDUE;

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "kindling-stop");
        thread.setDaemon(true);
        return thread;
    }

    /** Asks for an end when so much time has passed from now. */
    public void after(Duration budget, String why) {
        Future<?> unused = timer.schedule(() -> request(why), budget.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Asks for an end by a signal. */
    public void signal(String name) {
        request(name);
        Future<?> unused = timer.schedule(() -> hasten(Haste.OVERDUE), GRACE.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Asks for an end by a program. */
    public synchronized void request(String why) {
        if (reason == null) {
            reason = why;
        }
        hasten(Haste.REQUESTED);
    }

    /** Breaks off what may be broken off, without a wish that the run ends well. */
    public void abandon() {
        hasten(Haste.OVERDUE);
    }

    private synchronized void hasten(Haste more) {
        haste = more.compareTo(haste) > 0 ? more : haste;
        interruptIfDue();
    }

    private void interruptIfDue() {
        if (worker != null && haste.compareTo(breaksAt) >= 0) {
            worker.interrupt();
        }
    }

    @Override
    public synchronized boolean isCancelled() {
        return reason != null;
    }

    /** Who asked: the name of a signal, or the option. */
    public synchronized String reason() {
        return reason == null ? "nobody" : reason;
    }

    @Override
    public <T> T runInterruptiblyAfterGrace(Supplier<T> work) {
        return run(work, Haste.OVERDUE);
    }

    @Override
    public <T> T runCancellable(Supplier<T> work) {
        return run(work, Haste.REQUESTED);
    }

    private <T> T run(Supplier<T> work, Haste until) {
        enter(until);
        try {
            return work.get();
        } finally {
            leave();
        }
    }

    private synchronized void enter(Haste until) {
        worker = Thread.currentThread();
        breaksAt = until;
        interruptIfDue();
    }

    private synchronized void leave() {
        worker = null;
        // What is written and closed after it must not be interrupted.
        Thread.interrupted();
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
