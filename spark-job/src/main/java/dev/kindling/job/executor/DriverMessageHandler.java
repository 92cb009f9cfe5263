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
 * What the driver asks of an executor, and what it is answered. Orders wait for the vector that they name, which may have to
 * be put together from slices first; then the crew runs them, and its replies go back or are kept. Starts no thread.
 * Thread-safe.
 */
final class DriverMessageHandler {
    private static final Logger LOG = LoggerFactory.getLogger(DriverMessageHandler.class);

    private final ShardStore store;
    private final Supplier<@Nullable WorkerPool> crew;
    private final Supplier<@Nullable PeerTransport> neighbours;
    private final Consumer<DriverMessage> send;
    private final Runnable disconnect;
    private final List<RangeRequest> waiting = new ArrayList<>();
    private @Nullable BroadcastVector latest;

    /**
     * A desk without orders.
     *
     * @param crew that runs them; null while the job is not open
     * @param neighbours that slices come from; null where there are none
     * @param say tells the driver
     * @param hangUp ends the connection to it
     */
    DriverMessageHandler(
            ShardStore store,
            Supplier<@Nullable WorkerPool> crew,
            Supplier<@Nullable PeerTransport> neighbours,
            Consumer<DriverMessage> say,
            Runnable hangUp) {
        this.store = store;
        this.crew = crew;
        this.neighbours = neighbours;
        this.send = say;
        this.disconnect = hangUp;
    }

    /** Takes an order, a vector or a slice of one; others are not its business. */
    void onMessage(ExecutorMessage message) {
        if (message instanceof RangeRequest order) {
            take(order);
        } else if (message instanceof BroadcastVector vector) {
            take(vector);
        } else if (message instanceof BroadcastShard slice) {
            take(slice);
        } else if (message instanceof ReduceShardRequest order) {
            take(order);
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

    /** Orders of an older vector that still wait were sent ahead for a round that was cut anew. */
    private synchronized void take(BroadcastVector vector) {
        if (latest != null && latest.version() > vector.version()) {
            // The driver still counts on answers to the orders that waited for it.
            send.accept(new DriverMessage.VectorMissing(vector.version()));
            return;
        }
        latest = vector;
        store.begin(vector.version());
        List<RangeRequest> now = new ArrayList<>(waiting);
        waiting.removeIf(order -> order.shared() <= vector.version());
        now.stream().filter(order -> order.shared() == vector.version()).forEach(order -> submit(order, vector));
    }

    private void take(BroadcastShard slice) {
        PeerTransport others = neighbours.get();
        CompletableFuture<BroadcastVector> vector = others == null ? withoutPeers() : others.gather(slice);
        var unused = vector.handle((whole, failure) -> {
            if (whole != null) {
                begin(whole);
            } else {
                LOG.warn("vector {} did not come together: {}", slice.version(), reason(failure));
                send.accept(new DriverMessage.VectorMissing(slice.version()));
            }
            return true;
        });
    }

    /** Nobody looks at what this ends with: what it dies of must close the connection, or the driver would wait. */
    private void begin(BroadcastVector vector) {
        try {
            take(vector);
        } catch (RuntimeException | Error e) {
            LOG.error("vector {} cannot be worked with", vector.version(), e);
            disconnect.run();
        }
    }

    /** The first line of what is at the bottom of a failure. */
    private static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        String message = cause instanceof TimeoutException ? "not in time" : String.valueOf(cause.getMessage());
        return message.lines().findFirst().orElse(cause.getClass().getSimpleName());
    }

    private void take(ReduceShardRequest request) {
        PeerTransport others = neighbours.get();
        CompletableFuture<FlatVector> sums = others == null ? withoutPeers() : others.fold(request);
        var unused = sums.handle((folded, failure) -> {
            int slice = request.shard().index();
            send.accept(
                    folded != null
                            ? new DriverMessage.ShardReduced(request.shared(), slice, folded)
                            : new DriverMessage.ShardFailed(request.shared(), slice, reason(failure)));
            return true;
        });
    }

    private static <T> CompletableFuture<T> withoutPeers() {
        return CompletableFuture.failedFuture(
                new IllegalStateException("this executor takes no connections of others"));
    }

    private void submit(RangeRequest request, BroadcastVector vector) {
        Optional<RangeResult> kept = store.retained(request.shared(), request.firstTask());
        if (kept.isPresent()) {
            reply(request, kept.get());
            return;
        }
        WorkerPool open = crew.get();
        if (open == null) {
            reply(request, new Failure(Failure.Kind.RETRYABLE, "the executor has not opened the job"));
            return;
        }
        try {
            var unused = open.submit(request, vector, SparkEnv.get().executorId(), 0)
                    .reply()
                    .handle((result, thrown) -> reply(request, outcomeOf(result, thrown)));
        } catch (RuntimeException e) {
            reply(request, outcomeOf(null, e));
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

    /** Whatever happens, the driver hears of it: an order that nobody answers would hold up its round. */
    private boolean reply(RangeRequest request, RangeOutcome outcome) {
        try {
            if (request.retainSums() && outcome instanceof RangeResult result) {
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
            Failure failure = new Failure(Failure.Kind.RETRYABLE, "the answer cannot be sent: " + e);
            send.accept(new DriverMessage.RangeCompleted(request.shared(), request.firstTask(), failure));
        } catch (RuntimeException | Error again) {
            disconnect.run();
        }
    }
}
