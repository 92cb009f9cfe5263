package dev.kindling.job.executor;

import dev.kindling.job.protocol.BroadcastShard;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.ExecutorMessage;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.RangeOutcome;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.protocol.ReduceShardRequest;
import dev.kindling.job.runner.ShardStore;
import dev.kindling.job.runner.WorkerPool;
import dev.kindling.job.tensor.FlatVector;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.SparkEnv;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles the driver's requests on an executor. A range waits for the vector that it names, which may first have to be
 * gathered from shards; then the worker pool runs it, and its sums are returned or retained. Starts no thread.
 * Thread-safe.
 */
final class DriverMessageHandler {
    private static final Logger LOG = LoggerFactory.getLogger(DriverMessageHandler.class);

    private final ShardStore store;
    private final Supplier<Optional<WorkerPool>> pool;
    private final Supplier<Optional<PeerTransport>> peers;
    private final Consumer<DriverMessage> send;
    private final Runnable disconnect;
    private final List<RangeRequest> waiting = new ArrayList<>();
    private @Nullable BroadcastVector latest;

    /**
     * A handler without waiting ranges.
     *
     * @param pool runs ranges; empty while the job is not open
     * @param peers exchanges shards; empty if this executor accepts no connections of others
     * @param send sends a message to the driver
     * @param disconnect ends the connection to the driver
     */
    DriverMessageHandler(
            ShardStore store,
            Supplier<Optional<WorkerPool>> pool,
            Supplier<Optional<PeerTransport>> peers,
            Consumer<DriverMessage> send,
            Runnable disconnect) {
        this.store = store;
        this.pool = pool;
        this.peers = peers;
        this.send = send;
        this.disconnect = disconnect;
    }

    /** Handles a range, a vector, a shard of a vector or a request to reduce a shard; ignores other messages. */
    void onMessage(ExecutorMessage message) {
        if (message instanceof RangeRequest request) {
            take(request);
        } else if (message instanceof BroadcastVector vector) {
            take(vector);
        } else if (message instanceof BroadcastShard shard) {
            take(shard);
        } else if (message instanceof ReduceShardRequest request) {
            take(request);
        }
    }

    private synchronized void take(RangeRequest request) {
        BroadcastVector vector = latest;
        if (vector != null && vector.version() == request.shared()) {
            submit(request, vector);
        } else if (vector == null || vector.version() < request.shared()) {
            waiting.add(request);
        }
    }

    /** Waiting ranges of an older vector were prefetched for a round that has been partitioned anew; they are discarded. */
    private synchronized void take(BroadcastVector vector) {
        if (latest != null && latest.version() > vector.version()) {
            // The driver still expects outcomes of the ranges that waited for it.
            send.accept(new DriverMessage.VectorMissing(vector.version()));
            return;
        }
        latest = vector;
        store.begin(vector.version());
        List<RangeRequest> candidates = new ArrayList<>(waiting);
        waiting.removeIf(request -> request.shared() <= vector.version());
        candidates.stream()
                .filter(request -> request.shared() == vector.version())
                .forEach(request -> submit(request, vector));
    }

    private void take(BroadcastShard shard) {
        CompletableFuture<BroadcastVector> vector =
                peers.get().map(transport -> transport.gather(shard)).orElseGet(DriverMessageHandler::withoutPeers);
        var unused = vector.handle((whole, failure) -> {
            if (whole != null) {
                begin(whole);
            } else {
                LOG.warn("vector {} could not be gathered: {}", shard.version(), reason(failure));
                send.accept(new DriverMessage.VectorMissing(shard.version()));
            }
            return true;
        });
    }

    /** No caller sees an exception of this method: it must close the connection, or the driver would wait. */
    private void begin(BroadcastVector vector) {
        try {
            take(vector);
        } catch (RuntimeException | Error e) {
            LOG.error("vector {} cannot be used", vector.version(), e);
            disconnect.run();
        }
    }

    /** The first line of the root cause's message. */
    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = cause instanceof TimeoutException ? "timed out" : String.valueOf(cause.getMessage());
        return message.lines().findFirst().orElse(cause.getClass().getSimpleName());
    }

    private void take(ReduceShardRequest request) {
        CompletableFuture<FlatVector> sums =
                peers.get().map(transport -> transport.reduce(request)).orElseGet(DriverMessageHandler::withoutPeers);
        var unused = sums.handle((reduced, failure) -> {
            int shard = request.shard().index();
            send.accept(
                    reduced != null
                            ? new DriverMessage.ShardReduced(request.shared(), shard, reduced)
                            : new DriverMessage.ShardFailed(request.shared(), shard, reason(failure)));
            return true;
        });
    }

    private static <T> CompletableFuture<T> withoutPeers() {
        return CompletableFuture.failedFuture(
                new IllegalStateException("this executor accepts no connections of other executors"));
    }

    private void submit(RangeRequest request, BroadcastVector vector) {
        Optional<RangeResult> retained = store.retained(request.shared(), request.firstTask());
        if (retained.isPresent()) {
            report(request, retained.get());
            return;
        }
        Optional<WorkerPool> open = pool.get();
        if (open.isEmpty()) {
            report(request, new Failure(Failure.Kind.RETRYABLE, "the executor has not opened the job"));
            return;
        }
        try {
            var unused = open.get()
                    .submit(request, vector, SparkEnv.get().executorId(), 0)
                    .result()
                    .handle((result, thrown) -> report(request, outcomeOf(result, thrown)));
        } catch (RuntimeException e) {
            report(request, outcomeOf(null, e));
        }
    }

    private static RangeOutcome outcomeOf(@Nullable RangeResult result, @Nullable Throwable thrown) {
        if (result != null) {
            ExecutorLogContext.failed(result.failed());
            return result;
        }
        Optional<Failure> failure =
                thrown instanceof RuntimeException exception ? Failure.of(exception) : Optional.empty();
        return failure.orElseGet(() -> new Failure(Failure.Kind.RETRYABLE, String.valueOf(thrown)));
    }

    /** Reports an outcome to the driver in every case: a range without one would block its round. */
    private boolean report(RangeRequest request, RangeOutcome outcome) {
        try {
            if (request.sums() == RangeRequest.SumLocation.RETAINED && outcome instanceof RangeResult result) {
                store.retain(request.shared(), result);
                send.accept(new DriverMessage.RangeRetained(request.shared(), result.withoutSums()));
            } else {
                send.accept(new DriverMessage.RangeCompleted(request.shared(), request.firstTask(), outcome));
            }
        } catch (RuntimeException | Error e) {
            reportSendFailure(request, e);
        }
        return true;
    }

    private void reportSendFailure(RangeRequest request, Throwable e) {
        try {
            Failure failure = new Failure(Failure.Kind.RETRYABLE, "the result cannot be sent: " + e);
            send.accept(new DriverMessage.RangeCompleted(request.shared(), request.firstTask(), failure));
        } catch (RuntimeException | Error again) {
            disconnect.run();
        }
    }
}
