package dev.kindling.job.executor;

import dev.kindling.job.backend.Device;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.ExecutorMessage;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.Job;
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
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.apache.spark.TaskContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state of one run in an executor's JVM: a connection to the driver and the pool of the run's worker threads. The first
 * worker job connects and opens the job; when the last one ends, the session is released. Ranges and vectors are handled by
 * {@link DriverMessageHandler}. Thread-safe.
 */
final class ExecutorSession {
    /** A session is connecting, then open, then closed. */
    private sealed interface State {
        /** There is no connection yet. */
        record Connecting() implements State {}

        /**
         * Connected.
         *
         * @param peers empty if this executor accepts no connections of others
         * @param pool empty until the job is opened
         */
        record Open(DriverConnection connection, Optional<PeerTransport> peers, Optional<WorkerPool> pool)
                implements State {
            Open with(WorkerPool opened) {
                return new Open(connection, peers, Optional.of(opened));
            }

            void release() {
                connection.close();
                peers.ifPresent(PeerTransport::close);
                pool.ifPresent(WorkerPool::close);
            }
        }

        /**
         * The run is over or the driver is gone: workers return.
         *
         * @param unreleased what the last worker releases
         */
        record Closed(Optional<Open> unreleased) implements State {}
    }

    private static final Duration HEARTBEAT_INTERVAL = Duration.ofSeconds(2);
    /** Short, because on an executor the transport's threads need the processor, too. */
    private static final Duration IDLE_SPIN = Duration.ofNanos(30_000);

    private static final Logger LOG = LoggerFactory.getLogger(ExecutorSession.class);
    private static final long POLL_MILLIS = 100;
    private static final Map<String, ExecutorSession> SESSIONS = new HashMap<>();

    private final WorkerTask.Remote task;
    /** Id of the Spark task that created this session: the driver knows from Spark which executor runs it. */
    private final long attempt;

    private final CompletableFuture<Job> job = new CompletableFuture<>();
    private final ScheduledExecutorService heartbeats;
    private final DeviceValidator devices = new DeviceValidator();
    private final ShardStore store = new ShardStore();
    private final DriverMessageHandler handler =
            new DriverMessageHandler(store, this::pool, this::peers, this::send, this::disconnect);
    private final AtomicReference<State> state = new AtomicReference<>(new State.Connecting());
    /** Guarded by {@link #SESSIONS}. */
    private int workers;

    private ExecutorSession(WorkerTask.Remote task) {
        this.task = task;
        this.attempt = TaskContext.get().taskAttemptId();
        this.heartbeats = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "kindling-heartbeat");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The session of a run in this JVM, connected. */
    static ExecutorSession of(WorkerTask.Remote task) {
        ExecutorSession session;
        synchronized (SESSIONS) {
            ExecutorSession known = SESSIONS.get(task.run());
            session = known == null || known.isClosed() ? new ExecutorSession(task) : known;
            SESSIONS.put(task.run(), session);
            // Counted under the lock that the last worker to end needs.
            session.workers++;
        }
        try {
            session.connect();
            return session;
        } catch (IOException | RuntimeException e) {
            session.close();
            session.workerEnded();
            throw new IllegalStateException(
                    "no connection to the driver at " + task.host() + ":" + task.port() + ": " + e.getMessage(), e);
        }
    }

    /** Connects unless another thread has done so; the lock is per session, so other runs are not blocked. */
    private synchronized void connect() throws IOException {
        if (state.get() instanceof State.Closed closed && closed.unreleased().isEmpty()) {
            throw new IOException("another worker of this run could not connect");
        }
        if (!(state.get() instanceof State.Connecting)) {
            return;
        }
        Optional<PeerTransport> peers = openPeers();
        try {
            DriverConnection connection =
                    new DriverConnection(task, attempt, peers.map(PeerTransport::self), this::onMessage, this::close);
            peers.ifPresent(transport -> transport.authenticateWith(connection.sessionKey()));
            State.Open open = new State.Open(connection, peers, Optional.empty());
            // The run may have ended while this thread was connecting.
            state.updateAndGet(before -> before instanceof State.Closed ? new State.Closed(Optional.of(open)) : open);
        } catch (IOException | RuntimeException e) {
            peers.ifPresent(PeerTransport::close);
            throw e;
        }
        long period = HEARTBEAT_INTERVAL.toMillis();
        var unused = heartbeats.scheduleWithFixedDelay(this::sendHeartbeat, period, period, TimeUnit.MILLISECONDS);
    }

    /** Without connections of other executors, this one exchanges vectors with the driver alone. */
    private Optional<PeerTransport> openPeers() {
        if (task.largestExchange() == 0) {
            return Optional.empty();
        }
        try {
            return Optional.of(new PeerTransport(task.largestExchange(), store));
        } catch (Exception e) {
            // Netty throws BindException undeclared.
            LOG.warn("this executor accepts no connections of other executors", e);
            return Optional.empty();
        }
    }

    private Optional<State.Open> open() {
        return state.get() instanceof State.Open open ? Optional.of(open) : Optional.empty();
    }

    private boolean isClosed() {
        return state.get() instanceof State.Closed;
    }

    private Optional<WorkerPool> pool() {
        return open().flatMap(State.Open::pool);
    }

    private Optional<PeerTransport> peers() {
        return open().flatMap(State.Open::peers);
    }

    private void send(DriverMessage message) {
        open().ifPresent(open -> open.connection().send(message));
    }

    /** Counts and sends under one lock, so that an older count never follows a newer one. */
    private void sendHeartbeat() {
        synchronized (heartbeats) {
            send(new DriverMessage.Heartbeat(pool().map(WorkerPool::threads).orElse(0)));
        }
    }

    /** Ends the connection, by which the driver takes this executor for lost. */
    private void disconnect() {
        open().ifPresent(open -> open.connection().disconnect());
    }

    /** Makes the workers return; may be called by a transport thread, which must not release the transport. */
    private void close() {
        state.updateAndGet(before -> before instanceof State.Closed
                ? before
                : new State.Closed(before instanceof State.Open open ? Optional.of(open) : Optional.empty()));
    }

    /** Runs the calling thread as a worker until {@code stay} is false, the run is over or the driver is gone. */
    void runWorker(long workerJobId, BooleanSupplier stay) {
        try (ExecutorLogContext log = ExecutorLogContext.open()) {
            BooleanSupplier running = () -> !isClosed() && stay.getAsBoolean();
            assignedDevice(log).ifPresent(device -> {
                send(new DriverMessage.WorkerStarted(workerJobId, device.toString()));
                pool(device, running, log).ifPresent(pool -> run(pool, device, running));
            });
        } finally {
            workerEnded();
        }
    }

    /** The device of the calling thread's task; empty if it is unusable, which is reported to the driver. */
    private Optional<Device> assignedDevice(ExecutorLogContext log) {
        try {
            return Optional.of(AssignedDevice.ofTask());
        } catch (RuntimeException e) {
            reject(e, log);
            return Optional.empty();
        }
    }

    private void run(WorkerPool pool, Device device, BooleanSupplier running) {
        BooleanSupplier reported = new BooleanSupplier() {
            private boolean counted;

            /** The first call comes when the pool has counted this thread. */
            @Override
            public boolean getAsBoolean() {
                if (!counted) {
                    counted = true;
                    sendHeartbeat();
                }
                return running.getAsBoolean();
            }
        };
        pool.runWorker(device, reported);
        sendHeartbeat();
    }

    private void workerEnded() {
        synchronized (SESSIONS) {
            if (--workers == 0) {
                SESSIONS.remove(task.run(), this);
                close();
                heartbeats.shutdownNow();
                State last = state.getAndSet(new State.Closed(Optional.empty()));
                ((State.Closed) last).unreleased().ifPresent(State.Open::release);
            }
        }
    }

    /** The worker pool of this JVM, for which one thread opens the job while others wait; empty if the run has ended. */
    private Optional<WorkerPool> pool(Device device, BooleanSupplier running, ExecutorLogContext log) {
        Optional<Job> known = awaitJob(running);
        if (known.isEmpty()) {
            return Optional.empty();
        }
        synchronized (job) {
            return isUsable(device, known.get(), log) ? pool().or(() -> openJob(known.get(), log)) : Optional.empty();
        }
    }

    /** Whether the job can run on a device; if it cannot, that is reported to the driver. */
    private boolean isUsable(Device device, Job known, ExecutorLogContext log) {
        try {
            devices.require(known, device);
            return true;
        } catch (RuntimeException e) {
            reject(e, log);
            return false;
        }
    }

    private Optional<Job> awaitJob(BooleanSupplier running) {
        while (running.getAsBoolean()) {
            try {
                return Optional.of(job.get(POLL_MILLIS, TimeUnit.MILLISECONDS));
            } catch (TimeoutException e) {
                // The driver has not sent the job yet.
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Optional.empty();
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            }
        }
        return Optional.empty();
    }

    private Optional<WorkerPool> openJob(Job known, ExecutorLogContext log) {
        try {
            long begin = System.nanoTime();
            WorkerPool opened = new WorkerPool(CompiledJob.open(known, RangeFunction.hadoop()), IDLE_SPIN);
            ExecutorLogContext.opened(known, System.nanoTime() - begin);
            State after = state.updateAndGet(before -> before instanceof State.Open open ? open.with(opened) : before);
            if (after instanceof State.Open) {
                return Optional.of(opened);
            }
            opened.close();
            return Optional.empty();
        } catch (RuntimeException e) {
            reject(e, log);
            return Optional.empty();
        }
    }

    /** Reports to the driver a failure that any other executor would have, too; others are left to Spark's retry. */
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
            close();
        } else {
            handler.onMessage(message);
        }
    }
}
