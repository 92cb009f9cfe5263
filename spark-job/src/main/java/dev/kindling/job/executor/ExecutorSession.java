package dev.kindling.job.executor;

import dev.kindling.job.backend.Device;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.ExecutorMessage;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.Peer;
import dev.kindling.job.protocol.StopExecutor;
import dev.kindling.job.runner.CompiledJob;
import dev.kindling.job.runner.ShardStore;
import dev.kindling.job.runner.WorkerPool;
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
 * The first of them connects and opens the job, the last one to leave closes. What the driver asks for is the {@link DriverMessageHandler}'s
 * business. Thread-safe.
 */
final class ExecutorSession {
    private static final Duration HEARTBEAT_INTERVAL = Duration.ofSeconds(2);
    /** Not longer: on an executor the transport's threads need the processor, too. */
    private static final Duration WATCH = Duration.ofNanos(30_000);

    private static final Logger LOG = LoggerFactory.getLogger(ExecutorSession.class);
    private static final long POLL_MILLIS = 100;
    private static final Map<String, ExecutorSession> SESSIONS = new HashMap<>();

    private final WorkerTask.Remote enlistment;
    /** Of the Spark task that the enlistment came with: the driver knows from Spark who runs it. */
    private final long attempt;

    private final CompletableFuture<Job> job = new CompletableFuture<>();
    private final ScheduledExecutorService heartbeats;
    private final DeviceValidator fit = new DeviceValidator();
    private final ShardStore store = new ShardStore();
    private final DriverMessageHandler handler =
            new DriverMessageHandler(store, this::opened, this::neighbours, this::send, this::disconnect);
    private volatile @Nullable WorkerPool pool;
    private int workers;
    private volatile @Nullable PeerTransport peers;
    private volatile @Nullable DriverConnection connection;
    private volatile boolean closed;

    private ExecutorSession(WorkerTask.Remote enlistment) {
        this.enlistment = enlistment;
        this.attempt = TaskContext.get().taskAttemptId();
        this.heartbeats = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "kindling-pulse");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The station of a run in this JVM, connected. */
    static ExecutorSession of(WorkerTask.Remote enlistment) {
        ExecutorSession session;
        synchronized (SESSIONS) {
            ExecutorSession known = SESSIONS.get(enlistment.run());
            session = known == null || known.closed ? new ExecutorSession(enlistment) : known;
            SESSIONS.put(enlistment.run(), session);
            // Counted under the same lock that the last one to leave needs.
            session.workers++;
        }
        try {
            session.connect();
            return session;
        } catch (IOException | RuntimeException e) {
            session.closed = true;
            session.workerEnded();
            throw new IllegalStateException(
                    "no connection to the driver at " + enlistment.host() + ":" + enlistment.port() + ": "
                            + e.getMessage(),
                    e);
        }
    }

    /** The thread that comes first connects; others wait for it, but those of other runs do not. */
    private synchronized void connect() throws IOException {
        if (connection == null) {
            DriverConnection connected =
                    new DriverConnection(enlistment, attempt, peer(), this::onMessage, this::onDisconnect);
            PeerTransport others = neighbours();
            if (others != null) {
                others.authenticateWith(connected.sessionKey());
            }
            connection = connected;
            long period = HEARTBEAT_INTERVAL.toMillis();
            var unused = heartbeats.scheduleWithFixedDelay(this::sendHeartbeat, period, period, TimeUnit.MILLISECONDS);
        }
    }

    /** Who cannot take connections of others is dealt with by the driver alone. */
    private Optional<Peer> peer() {
        if (enlistment.exchange() == 0) {
            return Optional.empty();
        }
        try {
            PeerTransport opened = neighbours();
            if (opened == null) {
                opened = new PeerTransport(enlistment.exchange(), store);
                peers = opened;
            }
            return Optional.of(opened.self());
        } catch (Exception e) {
            // A BindException comes undeclared through Netty.
            LOG.warn("this executor takes no connections of others", e);
            return Optional.empty();
        }
    }

    private void send(DriverMessage message) {
        DriverConnection connected = connection;
        if (connected != null) {
            connected.send(message);
        }
    }

    /** Counted and said under one lock, so that an older count never follows a newer one. */
    private void sendHeartbeat() {
        synchronized (heartbeats) {
            WorkerPool open = opened();
            send(new DriverMessage.Heartbeat(open == null ? 0 : open.threads()));
        }
    }

    /** What the driver takes for the end of this executor. */
    private void disconnect() {
        DriverConnection connected = connection;
        if (connected != null) {
            connected.disconnect();
        }
    }

    private @Nullable WorkerPool opened() {
        return pool;
    }

    /** Lends the calling thread until it should not stay, the run is over or the driver is gone. */
    void runWorker(long ticket, BooleanSupplier stay) {
        try (ExecutorLogContext log = ExecutorLogContext.open()) {
            Device device = assigned(log);
            if (device == null) {
                return;
            }
            send(new DriverMessage.WorkerStarted(ticket, device.toString()));
            WorkerPool mine = crew(device, () -> !closed && stay.getAsBoolean(), log);
            if (mine != null) {
                work(mine, device, stay);
            }
        } finally {
            workerEnded();
        }
    }

    /** The device of the calling thread's task; null where it cannot be used, which the driver is told. */
    private @Nullable Device assigned(ExecutorLogContext log) {
        try {
            return AssignedDevice.ofTask();
        } catch (RuntimeException e) {
            reject(e, log);
            return null;
        }
    }

    private void work(WorkerPool mine, Device device, BooleanSupplier stay) {
        BooleanSupplier said = new BooleanSupplier() {
            private boolean present;

            /** The first question comes when the crew has counted this thread. */
            @Override
            public boolean getAsBoolean() {
                if (!present) {
                    present = true;
                    sendHeartbeat();
                }
                return !closed && stay.getAsBoolean();
            }
        };
        mine.runWorker(device, said);
        if (!closed) {
            sendHeartbeat();
        }
    }

    private void workerEnded() {
        synchronized (SESSIONS) {
            if (--workers == 0) {
                SESSIONS.remove(enlistment.run(), this);
                close();
            }
        }
    }

    private void close() {
        closed = true;
        heartbeats.shutdownNow();
        DriverConnection connected = connection;
        if (connected != null) {
            connected.close();
        }
        PeerTransport others = neighbours();
        if (others != null) {
            others.close();
        }
        WorkerPool mine = opened();
        if (mine != null) {
            mine.close();
        }
    }

    private @Nullable PeerTransport neighbours() {
        return peers;
    }

    private void onDisconnect() {
        closed = true;
    }

    /** The crew of this JVM; the thread that comes first opens the job while others wait. Null where the run ended. */
    private @Nullable WorkerPool crew(Device device, BooleanSupplier stay, ExecutorLogContext log) {
        Job known = awaitJob(stay);
        if (known == null) {
            return null;
        }
        synchronized (job) {
            return isFit(known, device, log) ? openOnce(known, log) : null;
        }
    }

    /** Whether the job can run on a device; where it cannot, the driver is told. */
    private boolean isFit(Job known, Device device, ExecutorLogContext log) {
        try {
            fit.require(known, device);
            return true;
        } catch (RuntimeException e) {
            reject(e, log);
            return false;
        }
    }

    private @Nullable WorkerPool openOnce(Job known, ExecutorLogContext log) {
        WorkerPool open = opened();
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

    private @Nullable WorkerPool open(Job known, ExecutorLogContext log) {
        try {
            long begin = System.nanoTime();
            WorkerPool open = new WorkerPool(CompiledJob.open(known, RangeFunction.hadoop()), WATCH);
            ExecutorLogContext.opened(known, System.nanoTime() - begin);
            pool = open;
            return open;
        } catch (RuntimeException e) {
            reject(e, log);
            return null;
        }
    }

    /** Tells the driver what would happen again on any other executor; anything else is Spark's to retry. */
    private void reject(RuntimeException reason, ExecutorLogContext log) {
        Optional<Failure> failure = Failure.of(reason);
        if (failure.isEmpty()) {
            throw reason;
        }
        log.refused(reason);
        send(new DriverMessage.JobRejected(failure.get()));
    }

    private void onMessage(ExecutorMessage message) {
        if (message instanceof Job known) {
            job.complete(known);
        } else if (message instanceof StopExecutor) {
            closed = true;
        } else {
            handler.onMessage(message);
        }
    }
}
