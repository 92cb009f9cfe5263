package dev.kindling.job.executor;

import dev.kindling.job.runner.Crew;
import dev.kindling.job.runner.Holdings;
import dev.kindling.job.runner.Runner;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.Answer;
import dev.kindling.job.wire.Closed;
import dev.kindling.job.wire.Failure;
import dev.kindling.job.wire.FoldOrder;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.Peer;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.ToDriver;
import dev.kindling.job.wire.ToWorker;
import dev.kindling.job.wire.VectorSlice;
import dev.kindling.job.wire.WorkOrder;
import dev.kindling.job.wire.WorkReply;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.spark.SparkEnv;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run's place in an executor's JVM: one connection to the driver and the threads that the run's worker jobs lend here.
 * The first of them connects and opens the job, the last one to leave closes. Orders wait for the vector that they name;
 * each is run by all threads together. Thread-safe.
 */
final class Station {
    private static final Duration PULSE = Duration.ofSeconds(2);
    /** Not longer: on an executor the transport's threads need the processor, too. */
    private static final Duration WATCH = Duration.ofNanos(30_000);

    private static final Logger LOG = LoggerFactory.getLogger(Station.class);
    private static final long POLL_MILLIS = 100;
    private static final Map<String, Station> STATIONS = new HashMap<>();

    private final Enlistment.There enlistment;
    private final CompletableFuture<Job> job = new CompletableFuture<>();
    private final ScheduledExecutorService pulse;
    private final List<WorkOrder> waiting = new ArrayList<>();
    private final Holdings holdings = new Holdings();
    private @Nullable SharedVector latest;
    private @Nullable Crew crew;
    private int lent;
    private @Nullable Neighbours neighbours;
    private volatile @Nullable Line line;
    private volatile boolean closed;

    private Station(Enlistment.There enlistment) {
        this.enlistment = enlistment;
        this.pulse = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "kindling-pulse");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The station of a run in this JVM, connected. */
    static Station of(Enlistment.There enlistment) {
        Station station;
        synchronized (STATIONS) {
            Station known = STATIONS.get(enlistment.run());
            station = known == null || known.closed ? new Station(enlistment) : known;
            STATIONS.put(enlistment.run(), station);
            // Counted under the same lock that the last one to leave needs.
            station.lent++;
        }
        try {
            station.connect();
            return station;
        } catch (IOException | RuntimeException e) {
            station.closed = true;
            station.leave();
            throw new IllegalStateException(
                    "no connection to the driver at " + enlistment.host() + ":" + enlistment.port() + ": "
                            + e.getMessage(),
                    e);
        }
    }

    /** The thread that comes first connects; others wait for it, but those of other runs do not. */
    private synchronized void connect() throws IOException {
        if (line == null) {
            Line connected = new Line(enlistment.host(), enlistment.port(), this::hear, this::lost);
            line = connected;
            connected.say(new ToDriver.Hello(enlistment.token(), SparkEnv.get().executorId(), peer()));
            long period = PULSE.toMillis();
            var unused = pulse.scheduleWithFixedDelay(this::present, period, period, TimeUnit.MILLISECONDS);
        }
    }

    /** Who cannot take connections of others is dealt with by the driver alone. */
    private Optional<Peer> peer() {
        if (enlistment.exchange() == 0) {
            return Optional.empty();
        }
        try {
            Neighbours opened = new Neighbours(enlistment.token(), enlistment.exchange(), holdings);
            neighbours = opened;
            return Optional.of(opened.self());
        } catch (Exception e) {
            // A BindException comes undeclared through Netty.
            LOG.warn("this executor takes no connections of others", e);
            return Optional.empty();
        }
    }

    private void say(ToDriver message) {
        Line connected = line;
        if (connected != null) {
            connected.say(message);
        }
    }

    /** Counted and said under one lock, so that an older count never follows a newer one. */
    private void present() {
        synchronized (pulse) {
            Crew open = opened();
            say(new ToDriver.Present(open == null ? 0 : open.threads()));
        }
    }

    private synchronized @Nullable Crew opened() {
        return crew;
    }

    /** Lends the calling thread until it should not stay, the run is over or the driver is gone. */
    void lend(long ticket, BooleanSupplier stay) {
        try (WorkLog log = WorkLog.open()) {
            say(new ToDriver.Lent(ticket));
            Crew mine = crew(() -> !closed && stay.getAsBoolean(), log);
            if (mine != null) {
                work(mine, stay);
            }
        } finally {
            leave();
        }
    }

    private void work(Crew mine, BooleanSupplier stay) {
        BooleanSupplier said = new BooleanSupplier() {
            private boolean present;

            /** The first question comes when the crew has counted this thread. */
            @Override
            public boolean getAsBoolean() {
                if (!present) {
                    present = true;
                    present();
                }
                return !closed && stay.getAsBoolean();
            }
        };
        mine.lend(said);
        if (!closed) {
            present();
        }
    }

    private void leave() {
        synchronized (STATIONS) {
            if (--lent == 0) {
                STATIONS.remove(enlistment.run(), this);
                close();
            }
        }
    }

    private void close() {
        closed = true;
        pulse.shutdownNow();
        Line connected = line;
        if (connected != null) {
            connected.close();
        }
        Neighbours others = neighbours();
        if (others != null) {
            others.close();
        }
    }

    private synchronized @Nullable Neighbours neighbours() {
        return neighbours;
    }

    private void lost() {
        closed = true;
    }

    /** The crew of this JVM; the thread that comes first opens the job while others wait. Null where the run ended. */
    private @Nullable Crew crew(BooleanSupplier stay, WorkLog log) {
        Job known = awaitJob(stay);
        if (known == null) {
            return null;
        }
        synchronized (job) {
            Crew open = opened();
            return open != null ? open : open(known, log);
        }
    }

    private @Nullable Job awaitJob(BooleanSupplier stay) {
        while (stay.getAsBoolean()) {
            try {
                return job.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
            } catch (TimeoutException e) {
                // Nothing yet; whether to stay is asked again.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return null;
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
        return null;
    }

    private @Nullable Crew open(Job known, WorkLog log) {
        try {
            long begin = System.nanoTime();
            Crew open = new Crew(Runner.open(known, Worker.hadoop()), WATCH);
            WorkLog.opened(known, System.nanoTime() - begin);
            synchronized (this) {
                crew = open;
            }
            return open;
        } catch (RuntimeException e) {
            Optional<Failure> failure = Failure.of(e);
            if (failure.isEmpty()) {
                throw e;
            }
            log.refused(e);
            say(new ToDriver.Refused(failure.get()));
            return null;
        }
    }

    private void hear(ToWorker message) {
        if (message instanceof WorkOrder order) {
            take(order);
        } else if (message instanceof SharedVector vector) {
            take(vector);
        } else if (message instanceof VectorSlice slice) {
            take(slice);
        } else if (message instanceof FoldOrder order) {
            take(order);
        } else if (message instanceof Job known) {
            job.complete(known);
        } else if (message instanceof Closed) {
            closed = true;
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
            say(new ToDriver.Lacks(vector.version()));
            return;
        }
        latest = vector;
        holdings.begin(vector.version());
        List<WorkOrder> now = new ArrayList<>(waiting);
        waiting.removeIf(order -> order.shared() <= vector.version());
        now.stream().filter(order -> order.shared() == vector.version()).forEach(order -> post(order, vector));
    }

    private void take(VectorSlice slice) {
        Neighbours others = neighbours();
        CompletableFuture<SharedVector> vector = others == null ? alone() : others.gather(slice);
        var unused = vector.handle((whole, failure) -> {
            if (whole != null) {
                begin(whole);
            } else {
                LOG.warn("vector {} did not come together: {}", slice.version(), reason(failure));
                say(new ToDriver.Lacks(slice.version()));
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
            Line connected = line;
            if (connected != null) {
                connected.hangUp();
            }
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
        Neighbours others = neighbours();
        CompletableFuture<Storage> sums = others == null ? alone() : others.fold(order);
        var unused = sums.handle((folded, failure) -> {
            int slice = order.slice().index();
            say(
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
        Crew open = crew;
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
                say(new ToDriver.Kept(order.shared(), reply.withoutSums()));
            } else {
                say(new ToDriver.Answered(order.shared(), order.firstTask(), answer));
            }
        } catch (RuntimeException | Error e) {
            apologise(order, e);
        }
        return true;
    }

    private void apologise(WorkOrder order, Throwable e) {
        try {
            Failure failure = new Failure(Failure.Kind.UNFORESEEN, "the answer cannot be sent: " + e);
            say(new ToDriver.Answered(order.shared(), order.firstTask(), failure));
        } catch (RuntimeException | Error again) {
            Line connected = line;
            if (connected != null) {
                connected.hangUp();
            }
        }
    }
}
