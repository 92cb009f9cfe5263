package dev.kindling.driver.cluster;

import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.protocol.DriverMessage;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.tensor.FlatVector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code cluster.mode = persistent}: runs rounds on executors whose workers stay connected. Every round is partitioned over
 * the executors that are ready when it begins; an executor that connects later takes part from the next round on.
 *
 * <p>The range of a lost executor is reassigned at once. A range that takes much longer than others is assigned to an idle
 * executor too, and the first result counts. An executor that still runs a range of an earlier round gets none until it has
 * finished. Which executor ran what, and how often, does not affect the sum.
 */
public final class PersistentWorkerCluster implements Cluster {
    /** Bytes of a vector or a sum from which on executors exchange shards of it, if they can connect to each other. */
    public static final long MIN_EXCHANGED = ReduceScatter.Policy.MEASURED.minBytes();

    private static final Duration CHECK_INTERVAL = Duration.ofMillis(500);

    /** Failures of one range that end the run: Spark's default of {@code spark.task.maxFailures}. */
    private static final int MAX_FAILURES = 4;
    /** Losses of one range that end the run: an executor may be lost for other reasons, or the range may kill it. */
    private static final int MAX_LOSSES = 8;

    private static final Logger LOG = LoggerFactory.getLogger(PersistentWorkerCluster.class);

    /** The sender of a message, its encoded size and its time of arrival. */
    private record Delivery(ExecutorState executor, int bytes, long arrived) {}

    private final Job job;
    private final byte[] jobBytes;
    private final ExecutorEvents events;
    private final LongSupplier nanoTime;
    private final Supplier<Optional<String>> lastFailure;
    private final ReduceScatterBreaker breaker;
    private final NoExecutorTimeout noExecutorTimeout;
    private final StragglerDetector stragglers;
    private final OutlierDetector outliers;
    private final ExecutorRegistry executors = new ExecutorRegistry();
    private final DriverMessage.Visitor<Delivery> handler = new MessageHandler();
    private long version;
    /** The prefetched next round, if any. */
    private @Nullable PreparedRound upcoming;
    /** The round that is being run, if any. */
    private @Nullable RoundExecution current;

    /**
     * A cluster without executors.
     *
     * @param events of its executors
     * @param nanoTime as {@link System#nanoTime}
     * @param lastFailure why worker jobs fail, in one clause, if they do; called while there is no executor, and throws
     *     ClusterException if there will never be one
     */
    public PersistentWorkerCluster(
            Job job,
            ClusterSettings settings,
            ExecutorEvents events,
            LongSupplier nanoTime,
            Supplier<Optional<String>> lastFailure) {
        this(job, settings, events, nanoTime, lastFailure, ReduceScatter.Policy.MEASURED);
    }

    /** A cluster with the given policy for exchanges of shards. */
    PersistentWorkerCluster(
            Job job,
            ClusterSettings settings,
            ExecutorEvents events,
            LongSupplier nanoTime,
            Supplier<Optional<String>> lastFailure,
            ReduceScatter.Policy policy) {
        this.job = job;
        this.jobBytes = MessageCodec.encodeJob(job);
        this.events = events;
        this.nanoTime = nanoTime;
        this.lastFailure = lastFailure;
        this.breaker = new ReduceScatterBreaker(policy);
        this.noExecutorTimeout = new NoExecutorTimeout(settings.executorTimeout(), nanoTime);
        this.stragglers = new StragglerDetector(nanoTime);
        this.outliers = new OutlierDetector(nanoTime);
    }

    @Override
    public RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher) {
        try {
            noExecutorTimeout.reset();
            stragglers.beginRound();
            outliers.beginRound();
            handleEvents(Duration.ZERO);
            dropSilent();
            RoundExecution execution = begin(prepared(request), shared);
            current = execution;
            prefetcher.next().ifPresent(next -> prefetch(next, execution.executors()));
            while (!execution.complete()) {
                handleEvents(stragglers.timeout(execution.assignments(), executors.all(), eventTimeout(execution)));
                checkExecutors(execution);
            }
            breaker.count(execution);
            return withNotices(execution.result(), request);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException(request + " was interrupted", e);
        } finally {
            current = null;
        }
    }

    /** Adds notices of outlying sums. Sums that executors reduced are checked as one. */
    private RoundResult withNotices(RoundResult result, RoundRequest request) {
        if (outliers.isEmpty()) {
            outliers.add(
                    () -> "executors that exchange shards, together,", OutlierDetector.size(List.of(result.sum())));
        }
        return result.noticing(outliers.endRound(request));
    }

    /** The prefetched round if it is for this request and the same executors are free; else the request is partitioned. */
    private PreparedRound prepared(RoundRequest request) throws InterruptedException {
        PreparedRound prefetched = upcoming;
        upcoming = null;
        List<ExecutorState> free = executors.free();
        if (prefetched != null && prefetched.isFor(request, free)) {
            return prefetched;
        }
        while (free.isEmpty()) {
            requireExecutor(request);
            handleEvents(CHECK_INTERVAL);
            free = executors.free();
        }
        return prepare(request, free);
    }

    private PreparedRound prepare(RoundRequest request, List<ExecutorState> free) {
        long number = ++version;
        RoundTracker tracker = new RoundTracker(
                job, request, number, free.stream().map(ExecutorState::threads).toList());
        List<ExecutorState> workers = tracker.workers().stream().map(free::get).toList();
        SumCollection sums =
                breaker.ofSums(workers, number, tracker.sumSize(), job.options().precision());
        List<RangeAssignment> assignments = new ArrayList<>();
        for (int i = 0; i < workers.size(); i++) {
            assignments.add(new RangeAssignment(tracker.requests().get(i).with(sums.location()), workers.get(i)));
        }
        return new PreparedRound(request, number, tracker, assignments, free, sums);
    }

    private RoundExecution begin(PreparedRound round, FlatVector shared) {
        return breaker.ofVector(round.workers(), shared)
                ? RoundExecution.beginWithShards(round, shared, nanoTime)
                : RoundExecution.begin(round, shared, nanoTime);
    }

    /** Sends the next round's task specs while the current round is computed; its vector follows when it is known. */
    private void prefetch(RoundRequest next, List<ExecutorState> free) {
        PreparedRound round = prepare(next, free);
        round.prefetch();
        upcoming = round;
    }

    /** How long to wait for an event before the executors are checked. */
    private static Duration eventTimeout(RoundExecution execution) {
        Duration timeout = execution.shardTimeout();
        return timeout.compareTo(CHECK_INTERVAL) < 0 ? timeout.plusNanos(1) : CHECK_INTERVAL;
    }

    private void requireExecutor(RoundRequest request) {
        if (executors.anyReady()) {
            noExecutorTimeout.reset();
        }
        if (executors.isEmpty()) {
            noExecutorTimeout.require(request, lastFailure.get());
        }
        // Connected executors may be opening the job; but one that connects and is lost does not reset the timeout.
    }

    /** Waits for an event no longer than the given time, and handles it and all that have arrived in the meantime. */
    private void handleEvents(Duration timeout) throws InterruptedException {
        Optional<ExecutorEvents.Event> event = events.next(timeout);
        while (event.isPresent()) {
            handle(event.get());
            event = events.next(Duration.ZERO);
        }
    }

    private void handle(ExecutorEvents.Event event) {
        if (event instanceof ExecutorEvents.ExecutorRegistered) {
            LOG.info("executor {} has joined", event.connection().name());
            executors.add(event.connection(), nanoTime.getAsLong());
            event.connection().send(jobBytes);
            return;
        }
        ExecutorState executor = executors.of(event.connection());
        if (executor == null) {
            return;
        }
        executor.lastHeard(nanoTime.getAsLong());
        if (event instanceof ExecutorEvents.MessageReceived received) {
            received.message().accept(handler, new Delivery(executor, received.bytes(), received.arrived()));
        } else {
            drop(executor, "is lost");
        }
    }

    /** Handles the messages of executors. */
    private final class MessageHandler implements DriverMessage.Visitor<Delivery> {
        /** Handled by the endpoint, because worker jobs also start between rounds. */
        @Override
        public void workerStarted(DriverMessage.WorkerStarted message, Delivery delivery) {}

        @Override
        public void heartbeat(DriverMessage.Heartbeat message, Delivery delivery) {
            delivery.executor().heartbeat(message.threads());
        }

        @Override
        public void jobRejected(DriverMessage.JobRejected message, Delivery delivery) {
            ExecutorState executor = delivery.executor();
            // The run ends unless another executor could open the job.
            if (!executors.othersReady(executor)) {
                throw message.failure().exception();
            }
            drop(executor, "cannot open the job: " + message.failure().message());
        }

        @Override
        public void rangeCompleted(DriverMessage.RangeCompleted message, Delivery delivery) {
            ExecutorState executor = delivery.executor();
            long since = executor.settle(message.shared(), message.firstTask(), delivery.arrived());
            RoundExecution execution = current;
            if (execution == null) {
                return;
            }
            execution.received(delivery.bytes());
            if (message.shared() != execution.version()) {
                return;
            }
            Optional<RangeAssignment> assignment = execution.assignmentOf(message.firstTask());
            if (assignment.isEmpty()) {
                drop(executor, "sends a result that was not requested");
            } else if (message.outcome() instanceof RangeResult result) {
                if (execution.returnsSums()) {
                    accept(execution, assignment.get(), executor, result, delivery.arrived() - since);
                } else {
                    drop(executor, "sends sums that it was requested to retain");
                }
            } else {
                failed(execution, assignment.get(), executor, (Failure) message.outcome());
            }
        }

        @Override
        public void rangeRetained(DriverMessage.RangeRetained message, Delivery delivery) {
            ExecutorState executor = delivery.executor();
            int firstTask = message.result().firstTask();
            long since = executor.settle(message.shared(), firstTask, delivery.arrived());
            RoundExecution execution = current;
            if (execution == null || message.shared() != execution.version() || execution.returnsSums()) {
                // Sums that are retained for a reduce-scatter that was given up may be requested again.
                return;
            }
            execution.received(delivery.bytes());
            Optional<RangeAssignment> assignment = execution.assignmentOf(firstTask);
            if (assignment.isEmpty()) {
                drop(executor, "sends a result that was not requested");
            } else if (assignment.get().isDone()) {
                assignment.get().unassign(executor);
            } else {
                retain(execution, assignment.get(), executor, message.result(), delivery.arrived() - since);
            }
        }

        @Override
        public void vectorMissing(DriverMessage.VectorMissing message, Delivery delivery) {
            ExecutorState executor = delivery.executor();
            RoundExecution execution = current;
            if (execution != null && message.version() == execution.version()) {
                LOG.warn(
                        "executor {} is sent the whole vector of {}",
                        executor.connection().name(),
                        execution.request());
                execution.sendWholeVector(executor);
            } else {
                // Others have run its ranges; they must not count as running, or it would never be idle again.
                LOG.warn(
                        "executor {} did not gather vector {} in time",
                        executor.connection().name(),
                        message.version());
                executor.forget(message.version());
            }
        }

        @Override
        public void shardReduced(DriverMessage.ShardReduced message, Delivery delivery) {
            RoundExecution execution = current;
            if (execution == null || message.shared() != execution.version()) {
                return;
            }
            execution.received(delivery.bytes());
            if (!execution.shardReduced(delivery.executor(), message.shard(), message.sums())) {
                drop(delivery.executor(), "sends a shard that was not requested");
            }
        }

        @Override
        public void shardFailed(DriverMessage.ShardFailed message, Delivery delivery) {
            RoundExecution execution = current;
            if (execution != null && message.shared() == execution.version()) {
                collectDirectly(
                        execution,
                        "executor " + delivery.executor().connection().name() + " could not reduce its shard: "
                                + message.reason());
            }
        }
    }

    private void retain(
            RoundExecution execution,
            RangeAssignment assignment,
            ExecutorState executor,
            RangeResult result,
            long took) {
        boolean reachable;
        try {
            reachable = execution.retained(assignment, executor, result, took);
        } catch (ClusterException e) {
            invalid(assignment, executor, e);
            return;
        }
        stragglers.rangeCompleted(took);
        if (!reachable) {
            // It was assigned the range after the round had been partitioned for executors that accept connections.
            collectDirectly(
                    execution,
                    "other executors cannot connect to executor "
                            + executor.connection().name());
        }
    }

    private void collectDirectly(RoundExecution execution, String reason) {
        if (!execution.returnsSums()) {
            LOG.warn("{} goes on without an exchange of shards: {}", execution.request(), reason);
            execution.collectDirectly(executors.all());
        }
    }

    private void accept(
            RoundExecution execution,
            RangeAssignment assignment,
            ExecutorState executor,
            RangeResult result,
            long took) {
        // Before the sums are reduced, which adds in place.
        double size = OutlierDetector.size(result.sums());
        try {
            if (!execution.completed(assignment, result, took)) {
                return;
            }
        } catch (ClusterException e) {
            invalid(assignment, executor, e);
            return;
        }
        stragglers.rangeCompleted(took);
        ExecutorConnection connection = executor.connection();
        outliers.add(
                () -> "executor " + connection.name() + " on " + connection.host() + ", for " + assignment + ",", size);
    }

    /** Drops an executor whose result does not fit its request. */
    private void invalid(RangeAssignment assignment, ExecutorState executor, ClusterException why) {
        if (assignment.fail(executor) >= MAX_FAILURES) {
            throw why;
        }
        drop(executor, why.getMessage());
    }

    private void failed(RoundExecution execution, RangeAssignment assignment, ExecutorState executor, Failure failure) {
        LOG.warn(
                "executor {} failed at {} of {}: {}",
                executor.connection().name(),
                assignment,
                execution.request(),
                failure.message());
        int failures = assignment.fail(executor);
        if (failure.kind() != Failure.Kind.RETRYABLE) {
            // One executor alone may be at fault, for example when its JVM is ending and has closed its file systems.
            if (failures > 1 || !executors.othersReady(executor)) {
                throw failure.exception();
            }
        } else if (failures >= MAX_FAILURES) {
            throw new ClusterException(assignment + " of " + execution.request() + " failed " + MAX_FAILURES
                    + " times: " + failure.message());
        }
        // If it is assigned to no other executor, it is reassigned after all events that have arrived are handled.
        assignment.unassign(executor);
    }

    private void drop(ExecutorState executor, @Nullable String why) {
        LOG.warn("executor {} {}", executor.connection().name(), why);
        executors.remove(executor);
        executor.connection().close();
        RoundExecution execution = current;
        if (execution == null) {
            return;
        }
        if (!execution.discardRetained(executor)) {
            collectDirectly(execution, "executor " + executor.connection().name() + " is lost");
        }
        for (RangeAssignment assignment : execution.assignments()) {
            if (assignment.unassign(executor) && assignment.lose() >= MAX_LOSSES) {
                throw new ClusterException(
                        assignment + " of " + execution.request() + " were lost with " + MAX_LOSSES + " executors");
            }
        }
    }

    /** Assigns a range to the best executor; if there is none, to the first that connects. */
    private void reassign(RoundExecution execution, RangeAssignment assignment) {
        executors.best(assignment).ifPresent(executor -> {
            LOG.info(
                    "{} of {} are reassigned to executor {}",
                    assignment,
                    execution.request(),
                    executor.connection().name());
            execution.assign(assignment, executor);
        });
    }

    /** Checks for silent executors, late shards, unassigned ranges and stragglers. */
    private void checkExecutors(RoundExecution execution) {
        dropSilent();
        requireExecutor(execution.request());
        if (execution.shardTimeout().isNegative()) {
            collectDirectly(execution, "shards are late");
        }
        for (RangeAssignment assignment : execution.assignments()) {
            if (!assignment.isDone() && assignment.executors().isEmpty()) {
                reassign(execution, assignment);
            } else if (stragglers.isStraggler(assignment)) {
                executors.idle(assignment).ifPresent(executor -> {
                    LOG.info(
                            "{} of {} are slow and assigned to executor {} too",
                            assignment,
                            execution.request(),
                            executor.connection().name());
                    execution.assign(assignment, executor);
                });
            }
        }
    }

    private void dropSilent() {
        stragglers
                .missedHeartbeats(executors.all())
                .forEach(executor -> drop(
                        executor, "has been silent for " + StragglerDetector.HEARTBEAT_TIMEOUT.toSeconds() + " s"));
    }

    @Override
    public void close() {
        byte[] stop = MessageCodec.encodeStopExecutor();
        executors.all().forEach(executor -> executor.connection().send(stop));
        executors.clear();
        events.drain().stream()
                .filter(ExecutorEvents.ExecutorRegistered.class::isInstance)
                .forEach(event -> event.connection().send(stop));
    }
}
