package dev.kindling.driver.training;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Writes on a thread of its own while the next rounds run, one thing after the other. A write that failed is thrown on the
 * loop's thread, at the next call. Used by one thread.
 */
final class AsyncCheckpointWriter implements AutoCloseable {
    private final ExecutorService writer = Executors.newSingleThreadExecutor(AsyncCheckpointWriter::daemon);
    private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "kindling-saver");
        thread.setDaemon(true);
        return thread;
    }

    /** Begins to write, when what was begun before is done: a disk that is slower than the rounds holds them up. */
    void begin(Runnable write) {
        await();
        last = CompletableFuture.runAsync(write, writer);
    }

    /** Throws what a write failed with that has ended by now. */
    void refuseIfFailed() {
        if (last.isCompletedExceptionally()) {
            await();
        }
    }

    /** Waits for what was begun, and throws what it failed with. */
    void await() {
        CompletableFuture<Void> awaited = last;
        last = CompletableFuture.completedFuture(null);
        try {
            awaited.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            if (e.getCause() instanceof Error failure) {
                throw failure;
            }
            throw e;
        }
    }

    /** Waits for what was begun, whatever comes of it. */
    @Override
    public void close() {
        last.exceptionally(failure -> null).join();
        writer.shutdown();
    }
}
