package dev.kindling.driver.training;

import dev.kindling.driver.checkpoint.RunLock;
import dev.kindling.driver.metrics.StatusFile;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Keeps a run's lock and status fresh on a thread of its own, however long a round takes. Writing goes on where a write
 * fails: a folder that cannot be written for a lease is found by the lock.
 */
public final class RunHeartbeat implements AutoCloseable {
    private static final long STATUS_SECONDS = 1;

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(RunHeartbeat::daemon);

    /**
     * Begins now.
     *
     * @param onLoss is told once, on the keeper's thread, that the run is not this driver's any more
     */
    public RunHeartbeat(RunLock lock, StatusFile status, Runnable onLoss) {
        long period = RunLock.PERIOD.toSeconds();
        Future<?> unusedLock =
                thread.scheduleWithFixedDelay(() -> keep(lock, onLoss), period, period, TimeUnit.SECONDS);
        Future<?> unusedStatus =
                thread.scheduleWithFixedDelay(() -> refresh(status), STATUS_SECONDS, STATUS_SECONDS, TimeUnit.SECONDS);
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "kindling-keeper");
        thread.setDaemon(true);
        return thread;
    }

    private void keep(RunLock lock, Runnable onLoss) {
        lock.renew();
        if (lock.isLost()) {
            onLoss.run();
            thread.shutdown();
        }
    }

    private static void refresh(StatusFile status) {
        try {
            status.refresh();
        } catch (RuntimeException e) {
            // Thrown on, it would end the schedule; the next turn may succeed.
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
        try {
            thread.awaitTermination(RunLock.PERIOD.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
