package dev.kindling.driver.training;

import dev.kindling.driver.checkpoint.RunLock;
import dev.kindling.driver.metrics.StatusFile;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Renews a run's lock and refreshes its status on a background thread, however long a round takes. A failed write is
 * retried; the lock detects a directory that cannot be written for a lease.
 */
public final class RunHeartbeat implements AutoCloseable {
    private static final long STATUS_SECONDS = 1;

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(RunHeartbeat::daemon);

    /**
     * Starts the heartbeat.
     *
     * @param onLoss runs once, on the heartbeat's thread, when another driver has taken over the run
     */
    public RunHeartbeat(RunLock lock, StatusFile status, Runnable onLoss) {
        long period = RunLock.PERIOD.toSeconds();
        Future<?> unusedLock =
                thread.scheduleWithFixedDelay(() -> renew(lock, onLoss), period, period, TimeUnit.SECONDS);
        Future<?> unusedStatus =
                thread.scheduleWithFixedDelay(() -> refresh(status), STATUS_SECONDS, STATUS_SECONDS, TimeUnit.SECONDS);
    }

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "kindling-heartbeat");
        thread.setDaemon(true);
        return thread;
    }

    private void renew(RunLock lock, Runnable onLoss) {
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
            // An exception would end the schedule; the next refresh may succeed.
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
