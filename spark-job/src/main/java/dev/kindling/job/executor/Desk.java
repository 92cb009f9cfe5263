package dev.kindling.job.executor;

import dev.kindling.job.runner.Crew;
import dev.kindling.job.runner.Holdings;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Answer;
import dev.kindling.job.wire.Failure;
import dev.kindling.job.wire.FoldOrder;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.ToDriver;
import dev.kindling.job.wire.ToWorker;
import dev.kindling.job.wire.VectorSlice;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
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
final class Desk {
    private static final Logger LOG = LoggerFactory.getLogger(Desk.class);

    private final Holdings holdings;
    private final Supplier<@Nullable Crew> crew;
    private final Supplier<@Nullable Neighbours> neighbours;
    private final Consumer<ToDriver> say;
    private final Runnable hangUp;
    private final List<WorkOrder> waiting = new ArrayList<>();
    private @Nullable SharedVector latest;

    /**
     * A desk without orders.
     *
     * @param crew that runs them; null while the job is not open
     * @param neighbours that slices come from; null where there are none
     * @param say tells the driver
     * @param hangUp ends the connection to it
     */
    Desk(
            Holdings holdings,
            Supplier<@Nullable Crew> crew,
            Supplier<@Nullable Neighbours> neighbours,
            Consumer<ToDriver> say,
            Runnable hangUp) {
        this.holdings = holdings;
        this.crew = crew;
        this.neighbours = neighbours;
        this.say = say;
        this.hangUp = hangUp;
    }

    /** Takes an order, a vector or a slice of one; others are not its business. */
    void hear(ToWorker message) {
        if (message instanceof WorkOrder order) {
            take(order);
        } else if (message instanceof SharedVector vector) {
            take(vector);
        } else if (message instanceof VectorSlice slice) {
            take(slice);
        } else if (message instanceof FoldOrder order) {
            take(order);
        }
    }

    private synchronized void take(WorkOrder order) {
        SharedVector vector = latest;
        if (vector != null && vector.version() == order.shared()) {
            post(order, vector);
        } else if (vector == null || vector.version() < order.shared()) {
            waiting.add(order);
        }
    }

    /** Orders of an older vector that still wait were sent ahead for a round that was cut anew. */
    private synchronized void take(SharedVector vector) {
        if (latest != null && latest.version() > vector.version()) {
            // The driver still counts on answers to the orders that waited for it.
            say.accept(new ToDriver.Lacks(vector.version()));
            return;
        }
        latest = vector;
        holdings.begin(vector.version());
        List<WorkOrder> now = new ArrayList<>(waiting);
        waiting.removeIf(order -> order.shared() <= vector.version());
        now.stream().filter(order -> order.shared() == vector.version()).forEach(order -> post(order, vector));
    }

    private void take(VectorSlice slice) {
        Neighbours others = neighbours.get();
        CompletableFuture<SharedVector> vector = others == null ? alone() : others.gather(slice);
        var unused = vector.handle((whole, failure) -> {
            if (whole != null) {
                begin(whole);
            } else {
                LOG.warn("vector {} did not come together: {}", slice.version(), reason(failure));
                say.accept(new ToDriver.Lacks(slice.version()));
            }
            return true;
        });
    }

    /** Nobody looks at what this ends with: what it dies of must close the connection, or the driver would wait. */
    private void begin(SharedVector vector) {
        try {
            take(vector);
        } catch (RuntimeException | Error e) {
            LOG.error("vector {} cannot be worked with", vector.version(), e);
            hangUp.run();
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

    private void take(FoldOrder order) {
        Neighbours others = neighbours.get();
        CompletableFuture<Storage> sums = others == null ? alone() : others.fold(order);
        var unused = sums.handle((folded, failure) -> {
            int slice = order.slice().index();
            say.accept(
                    folded != null
                            ? new ToDriver.Folded(order.shared(), slice, folded)
                            : new ToDriver.NotFolded(order.shared(), slice, reason(failure)));
            return true;
        });
    }

    private static <T> CompletableFuture<T> alone() {
        return CompletableFuture.failedFuture(
                new IllegalStateException("this executor takes no connections of others"));
    }

    private void post(WorkOrder order, SharedVector vector) {
        Optional<WorkReply> kept = holdings.kept(order.shared(), order.firstTask());
        if (kept.isPresent()) {
            answer(order, kept.get());
            return;
        }
        Crew open = crew.get();
        if (open == null) {
            answer(order, new Failure(Failure.Kind.UNFORESEEN, "the executor has not opened the job"));
            return;
        }
        try {
            var unused = open.post(order, vector, SparkEnv.get().executorId(), 0)
                    .reply()
                    .handle((reply, thrown) -> answer(order, answerOf(reply, thrown)));
        } catch (RuntimeException e) {
            answer(order, answerOf(null, e));
        }
    }

    private static Answer answerOf(@Nullable WorkReply reply, @Nullable Throwable thrown) {
        if (reply != null) {
            WorkLog.failed(reply.failed());
            return reply;
        }
        Optional<Failure> failure =
                thrown instanceof RuntimeException exception ? Failure.of(exception) : Optional.empty();
        return failure.orElseGet(() -> new Failure(Failure.Kind.UNFORESEEN, String.valueOf(thrown)));
    }

    /** Whatever happens, the driver hears of it: an order that nobody answers would hold up its round. */
    private boolean answer(WorkOrder order, Answer answer) {
        try {
            if (order.keeps() && answer instanceof WorkReply reply) {
                holdings.keep(order.shared(), reply);
                say.accept(new ToDriver.Kept(order.shared(), reply.withoutSums()));
            } else {
                say.accept(new ToDriver.Answered(order.shared(), order.firstTask(), answer));
            }
        } catch (RuntimeException | Error e) {
            apologise(order, e);
        }
        return true;
    }

    private void apologise(WorkOrder order, Throwable e) {
        try {
            Failure failure = new Failure(Failure.Kind.UNFORESEEN, "the answer cannot be sent: " + e);
            say.accept(new ToDriver.Answered(order.shared(), order.firstTask(), failure));
        } catch (RuntimeException | Error again) {
            hangUp.run();
        }
    }
}
