package dev.kindling.driver.training;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Runs writes one after the other on a background thread while the next rounds run. The exception of a failed write is
 * thrown by the next call. Used by one thread.
 */
final class AsyncCheckpointWriter implements AutoCloseable {
    private final ExecutorService writer = Executors.newSingleThreadExecutor(AsyncCheckpointWriter::daemon);
    private CompletableFuture<Void> last = CompletableFuture.completedFuture(null);

    private static Thread daemon(Runnable work) {
        Thread thread = new Thread(work, "kindling-checkpoint-writer");
        thread.setDaemon(true);
        return thread;
    }

    /** Starts a write after the previous one has ended; blocks until then if the disk is slower than the rounds. */
    void begin(Runnable write) {
        await();
        last = CompletableFuture.runAsync(write, writer);
    }

    /** Throws the exception of a write that has failed by now. */
    void refuseIfFailed() {
        if (last.isCompletedExceptionally()) {
            await();
        }
    }

    /** Waits for the current write, and throws its exception if it failed. */
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

    /** Waits for the current write, and ignores its failure. */
    @Override
    public void close() {
        last.exceptionally(failure -> null).join();
        writer.shutdown();
    }
}
