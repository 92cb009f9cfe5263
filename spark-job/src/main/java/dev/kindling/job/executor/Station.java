package dev.kindling.job.executor;

import dev.kindling.job.backend.Device;
import dev.kindling.job.runner.Crew;
import dev.kindling.job.runner.Holdings;
import dev.kindling.job.runner.Runner;
import dev.kindling.job.wire.Closed;
import dev.kindling.job.wire.Failure;
import dev.kindling.job.wire.Job;
import dev.kindling.job.wire.Peer;
import dev.kindling.job.wire.ToDriver;
import dev.kindling.job.wire.ToWorker;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.apache.spark.TaskContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run's place in an executor's JVM: one connection to the driver and the threads that the run's worker jobs lend here.
 * The first of them connects and opens the job, the last one to leave closes. What the driver asks for is the {@link Desk}'s
 * business. Thread-safe.
 */
final class Station {
    private static final Duration PULSE = Duration.ofSeconds(2);
    /** Not longer: on an executor the transport's threads need the processor, too. */
    private static final Duration WATCH = Duration.ofNanos(30_000);

    private static final Logger LOG = LoggerFactory.getLogger(Station.class);
    private static final long POLL_MILLIS = 100;
    private static final Map<String, Station> STATIONS = new HashMap<>();

    private final Enlistment.There enlistment;
    /** Of the Spark task that the enlistment came with: the driver knows from Spark who runs it. */
    private final long attempt;

    private final CompletableFuture<Job> job = new CompletableFuture<>();
    private final ScheduledExecutorService pulse;
    private final FitDevices fit = new FitDevices();
    private final Holdings holdings = new Holdings();
    private final Desk desk = new Desk(holdings, this::opened, this::neighbours, this::say, this::hangUp);
    private volatile @Nullable Crew crew;
    private int lent;
    private volatile @Nullable Neighbours neighbours;
    private volatile @Nullable Line line;
    private volatile boolean closed;

    private Station(Enlistment.There enlistment) {
        this.enlistment = enlistment;
        this.attempt = TaskContext.get().taskAttemptId();
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
            Line connected = new Line(enlistment, attempt, peer(), this::hear, this::lost);
            Neighbours others = neighbours();
            if (others != null) {
                others.authenticateWith(connected.sessionKey());
            }
            line = connected;
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
            Neighbours opened = neighbours();
            if (opened == null) {
                opened = new Neighbours(enlistment.exchange(), holdings);
                neighbours = opened;
            }
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

    /** What the driver takes for the end of this executor. */
    private void hangUp() {
        Line connected = line;
        if (connected != null) {
            connected.hangUp();
        }
    }

    private @Nullable Crew opened() {
        return crew;
    }

    /** Lends the calling thread until it should not stay, the run is over or the driver is gone. */
    void lend(long ticket, BooleanSupplier stay) {
        try (WorkLog log = WorkLog.open()) {
            Device device = assigned(log);
            if (device == null) {
                return;
            }
            say(new ToDriver.Lent(ticket, device.toString()));
            Crew mine = crew(device, () -> !closed && stay.getAsBoolean(), log);
            if (mine != null) {
                work(mine, device, stay);
            }
        } finally {
            leave();
        }
    }

    /** The device of the calling thread's task; null where it cannot be used, which the driver is told. */
    private @Nullable Device assigned(WorkLog log) {
        try {
            return AssignedDevice.ofTask();
        } catch (RuntimeException e) {
            refuse(e, log);
            return null;
        }
    }

    private void work(Crew mine, Device device, BooleanSupplier stay) {
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
        mine.lend(device, said);
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
        Crew mine = opened();
        if (mine != null) {
            mine.close();
        }
    }

    private @Nullable Neighbours neighbours() {
        return neighbours;
    }

    private void lost() {
        closed = true;
    }

    /** The crew of this JVM; the thread that comes first opens the job while others wait. Null where the run ended. */
    private @Nullable Crew crew(Device device, BooleanSupplier stay, WorkLog log) {
        Job known = awaitJob(stay);
        if (known == null) {
            return null;
        }
        synchronized (job) {
            return isFit(known, device, log) ? openOnce(known, log) : null;
        }
    }

    /** Whether the job can run on a device; where it cannot, the driver is told. */
    private boolean isFit(Job known, Device device, WorkLog log) {
        try {
            fit.require(known, device);
            return true;
        } catch (RuntimeException e) {
            refuse(e, log);
            return false;
        }
    }

    private @Nullable Crew openOnce(Job known, WorkLog log) {
        Crew open = opened();
        return open != null ? open : open(known, log);
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
            crew = open;
            return open;
        } catch (RuntimeException e) {
            refuse(e, log);
            return null;
        }
    }

    /** Tells the driver what would happen again on any other executor; anything else is Spark's to retry. */
    private void refuse(RuntimeException reason, WorkLog log) {
        Optional<Failure> failure = Failure.of(reason);
        if (failure.isEmpty()) {
            throw reason;
        }
        log.refused(reason);
        say(new ToDriver.Refused(failure.get()));
    }

    private void hear(ToWorker message) {
        if (message instanceof Job known) {
            job.complete(known);
        } else if (message instanceof Closed) {
            closed = true;
        } else {
            desk.hear(message);
        }
    }
}
