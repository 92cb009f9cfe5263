package dev.kindling.driver.cluster;

import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.protocol.Failure;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
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
 * {@code cluster.mode = resident}: rounds over workers that stay connected. Every round is dealt to the links that are
 * there when it begins; a link that comes later works from the next round on.
 *
 * <p>A lost link's range is dealt again at once. A range that takes much longer than others did is dealt a second time to
 * a link with nothing to do, and the first answer counts; a link that still owes an answer from an earlier round gets
 * nothing until it has given it. Which link did what, and how often, leaves no trace in the sum.
 */
public final class PersistentWorkerCluster implements Cluster {
    /** Bytes of a vector or a sum from which on executors exchange slices of it, if they can reach each other. */
    public static final long MIN_EXCHANGED = ReduceScatter.Policy.MEASURED.minBytes();

    private static final Duration TICK = Duration.ofMillis(500);

    /** As many failures of one range end the run: Spark's own number for a Spark task. */
    private static final int MOST_FAILURES = 4;
    /** A lost executor may be nobody's fault; but a range that kills every executor must end sometime. */
    private static final int MOST_LOSSES = 8;

    private static final Logger LOG = LoggerFactory.getLogger(PersistentWorkerCluster.class);

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
    private long version;
    private @Nullable RoundExecution upcoming;
    private @Nullable RoundExecution current;

    /**
     * A cluster without workers.
     *
     * @param events what its links will tell
     * @param nanoTime as {@link System#nanoTime}
     * @param complaint why worker jobs fail lately, in one clause, where they do; asked while there is no link, and
     *     throws ClusterException where there will never be one
     */
    public PersistentWorkerCluster(
            Job job,
            ClusterSettings settings,
            ExecutorEvents events,
            LongSupplier nanoTime,
            Supplier<Optional<String>> complaint) {
        this(job, settings, events, nanoTime, complaint, ReduceScatter.Policy.MEASURED);
    }

    /** A cluster with its own terms for exchanges. */
    PersistentWorkerCluster(
            Job job,
            ClusterSettings settings,
            ExecutorEvents events,
            LongSupplier nanoTime,
            Supplier<Optional<String>> complaint,
            ReduceScatter.Policy policy) {
        this.job = job;
        this.jobBytes = MessageCodec.encodeJob(job);
        this.events = events;
        this.nanoTime = nanoTime;
        this.lastFailure = complaint;
        this.breaker = new ReduceScatterBreaker(policy);
        this.noExecutorTimeout = new NoExecutorTimeout(settings.executorTimeout(), nanoTime);
        this.stragglers = new StragglerDetector(nanoTime);
        this.outliers = new OutlierDetector(nanoTime);
    }

    @Override
    public RoundResult run(RoundRequest request, FlatVector shared, RequestPrefetcher prefetcher) {
        try {
            noExecutorTimeout.end();
            stragglers.beginRound();
            outliers.beginRound();
            awaitEvents(Duration.ZERO);
            dropSilent();
            RoundExecution execution = execution(request);
            current = execution;
            begin(execution, shared);
            prefetcher.next().ifPresent(this::prefetch);
            while (!execution.round().complete()) {
                awaitEvents(stragglers.patience(execution.assignments(), executors.all(), shardTimeout(execution)));
                checkExecutors(execution);
            }
            breaker.count(execution);
            return lastCheck(execution.result(), request);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ClusterException(request + " was interrupted", e);
        } finally {
            current = null;
        }
    }

    /** The result, with what there is to report of its sums. Those that stayed with executors came as one. */
    private RoundResult lastCheck(RoundResult result, RoundRequest request) {
        if (outliers.isEmpty()) {
            outliers.add(
                    () -> "executors that exchange slices, together,", OutlierDetector.size(List.of(result.sum())));
        }
        return result.noticing(outliers.endRound(request));
    }

    /** What was sent ahead is good as long as the same seats are free; else the request is cut anew. */
    @SuppressWarnings("ReferenceEquality")
    private RoundExecution execution(RoundRequest request) throws InterruptedException {
        RoundExecution ahead = upcoming;
        upcoming = null;
        List<ExecutorState> free = executors.free();
        if (ahead != null && ahead.request() == request && ahead.executors().equals(free)) {
            return ahead;
        }
        while (free.isEmpty()) {
            requireExecutor(request);
            awaitEvents(TICK);
            free = executors.free();
        }
        return execution(request, free);
    }

    private RoundExecution execution(RoundRequest request, List<ExecutorState> free) {
        long number = ++version;
        RoundTracker tracker = new RoundTracker(
                job, request, number, free.stream().map(ExecutorState::threads).toList());
        List<ExecutorState> workers = tracker.workers().stream().map(free::get).toList();
        Precision precision = job.options().precision();
        Optional<ReduceScatter> exchanged = breaker.ofSums(workers, number, tracker.numbers(), precision);
        List<RangeAssignment> assignments = new ArrayList<>();
        for (int i = 0; i < workers.size(); i++) {
            RangeRequest order = tracker.requests().get(i);
            assignments.add(new RangeAssignment(exchanged.isPresent() ? order.retaining() : order, workers.get(i)));
        }
        return new RoundExecution(request, number, tracker, assignments, free, exchanged, nanoTime);
    }

    private void begin(RoundExecution execution, FlatVector shared) {
        if (breaker.ofVector(execution.workers(), shared)) {
            execution.beginInShards(shared);
        } else {
            execution.begin(shared);
        }
    }

    /** The next round's specs travel while this round's are being computed; its vector follows when it is known. */
    private void prefetch(RoundRequest next) {
        RoundExecution now = current;
        if (now != null) {
            RoundExecution ahead = execution(next, now.executors());
            ahead.assignments().forEach(RangeAssignment::prefetch);
            upcoming = ahead;
        }
    }

    private Duration shardTimeout(RoundExecution execution) {
        ReduceScatter reduceScatter = execution.reduceScatter();
        Duration patience = reduceScatter == null ? TICK : reduceScatter.patience(nanoTime.getAsLong());
        return patience.compareTo(TICK) < 0 ? patience.plusNanos(1) : TICK;
    }

    private void requireExecutor(RoundRequest request) {
        if (executors.anyReady()) {
            noExecutorTimeout.end();
        }
        if (executors.isEmpty()) {
            noExecutorTimeout.require(request, lastFailure.get());
        }
        // Those who are there may be opening the job; but one that comes and goes does not set the clock back.
    }

    /** Hears one event, or none within the given time, and all that have come in the meantime. */
    private void awaitEvents(Duration patience) throws InterruptedException {
        Optional<ExecutorEvents.Event> event = events.next(patience);
        while (event.isPresent()) {
            handle(event.get());
            event = events.next(Duration.ZERO);
        }
    }

    private void handle(ExecutorEvents.Event event) {
        if (event instanceof ExecutorEvents.ExecutorRegistered) {
            LOG.info("executor {} has joined", event.connection().name());
            executors.join(event.connection(), nanoTime.getAsLong());
            event.connection().send(jobBytes);
            return;
        }
        ExecutorState executor = executors.of(event.connection());
        if (executor == null) {
            return;
        }
        executor.lastHeard(nanoTime.getAsLong());
        if (event instanceof ExecutorEvents.Heartbeat heartbeat) {
            executor.heartbeat(heartbeat.threads());
        } else if (event instanceof ExecutorEvents.RangeCompleted completed) {
            handle(executor, completed);
        } else if (event instanceof ExecutorEvents.JobRejected rejected) {
            refuse(executor, rejected.failure());
        } else if (event instanceof ExecutorEvents.ExecutorLost) {
            drop(executor, "is lost");
        } else {
            handleShardEvent(executor, event);
        }
    }

    private void handleShardEvent(ExecutorState executor, ExecutorEvents.Event event) {
        RoundExecution execution = current;
        if (event instanceof ExecutorEvents.RangeRetained retained) {
            handle(executor, retained);
        } else if (event instanceof ExecutorEvents.VectorMissing missing) {
            handle(execution, executor, missing);
        } else if (execution == null) {
            return;
        } else if (event instanceof ExecutorEvents.ShardReduced reduced && reduced.shared() == execution.version()) {
            handle(execution, executor, reduced);
        } else if (event instanceof ExecutorEvents.ShardFailed failed && failed.shared() == execution.version()) {
            endReduceScatter(
                    execution,
                    "executor " + executor.connection().name() + " could not fold its slice: " + failed.reason());
        }
    }

    private void handle(
            @Nullable RoundExecution execution, ExecutorState executor, ExecutorEvents.VectorMissing missing) {
        if (execution != null && missing.version() == execution.version()) {
            LOG.warn(
                    "executor {} is sent the whole vector of {}",
                    executor.connection().name(),
                    execution.request());
            execution.sendVector(executor);
        } else {
            // Others have done what it was to do; without this it would owe that for ever, and get nothing more.
            LOG.warn(
                    "executor {} did not get vector {} together in time",
                    executor.connection().name(),
                    missing.version());
            executor.forget(missing.version());
        }
    }

    private void handle(ExecutorState executor, ExecutorEvents.RangeRetained retained) {
        int firstTask = retained.result().firstTask();
        long since = executor.settle(retained.shared(), firstTask, retained.at());
        RoundExecution execution = current;
        ReduceScatter reduceScatter =
                execution == null || retained.shared() != execution.version() ? null : execution.reduceScatter();
        if (execution == null || reduceScatter == null) {
            // What is kept for an exchange that is over may be asked for again, and then comes as an answer.
            return;
        }
        execution.received(retained.bytes());
        Optional<RangeAssignment> deal = execution.assignmentOf(firstTask);
        if (deal.isEmpty()) {
            drop(executor, "answers what it was not asked");
        } else if (deal.get().isDone()) {
            deal.get().take(executor);
        } else {
            retain(execution, reduceScatter, deal.get(), executor, retained.result(), retained.at() - since);
        }
    }

    private void retain(
            RoundExecution execution,
            ReduceScatter reduceScatter,
            RangeAssignment assignment,
            ExecutorState executor,
            RangeResult result,
            long took) {
        try {
            execution.round().requireFits(result);
        } catch (ClusterException e) {
            refuse(assignment, executor, e);
            return;
        }
        stragglers.rangeCompleted(took);
        if (executor.connection().peer().isEmpty()) {
            // It came after the round was cut, and nobody can fetch from it.
            execution.retainedOutOfReach(reduceScatter, assignment, executor, result);
            endReduceScatter(
                    execution, "executor " + executor.connection().name() + " cannot be reached by the others");
        } else {
            execution.retained(reduceScatter, assignment, executor, result, took);
        }
    }

    private void handle(RoundExecution execution, ExecutorState executor, ExecutorEvents.ShardReduced reduced) {
        execution.received(reduced.bytes());
        ReduceScatter reduceScatter = execution.reduceScatter();
        if (reduceScatter != null && !execution.take(reduceScatter, executor, reduced.shard(), reduced.sums())) {
            drop(executor, "sends a slice that it was not asked for");
        }
    }

    private void endReduceScatter(RoundExecution execution, String why) {
        ReduceScatter reduceScatter = execution.reduceScatter();
        if (reduceScatter != null) {
            LOG.warn("{} goes on without an exchange of slices: {}", execution.request(), why);
            execution.endReduceScatter(reduceScatter, List.copyOf(executors.all()));
        }
    }

    private void handle(ExecutorState executor, ExecutorEvents.RangeCompleted completed) {
        long since = executor.settle(completed.shared(), completed.firstTask(), completed.at());
        RoundExecution execution = current;
        if (execution == null) {
            return;
        }
        execution.received(completed.bytes());
        if (completed.shared() != execution.version()) {
            return;
        }
        Optional<RangeAssignment> deal = execution.assignmentOf(completed.firstTask());
        if (deal.isEmpty()) {
            drop(executor, "answers what it was not asked");
        } else if (completed.outcome() instanceof RangeResult && execution.reduceScatter() != null) {
            drop(executor, "sends sums that it was asked to keep");
        } else if (completed.outcome() instanceof RangeResult result) {
            accept(execution, deal.get(), executor, result, completed.at() - since);
        } else {
            refuse(execution, deal.get(), executor, (Failure) completed.outcome());
        }
    }

    private void accept(
            RoundExecution execution,
            RangeAssignment assignment,
            ExecutorState executor,
            RangeResult result,
            long took) {
        long begin = nanoTime.getAsLong();
        // Before the fold, which adds in place.
        double size = OutlierDetector.size(result.sums());
        try {
            if (!execution.round().accept(result)) {
                return;
            }
        } catch (ClusterException e) {
            refuse(assignment, executor, e);
            return;
        }
        stragglers.rangeCompleted(took);
        ExecutorConnection connection = executor.connection();
        outliers.add(
                () -> "executor " + connection.name() + " on " + connection.host() + ", for " + assignment + ",", size);
        execution.done(assignment, result, took, nanoTime.getAsLong() - begin);
    }

    /** A reply that does not fit its order: who sent it is not asked again. */
    private void refuse(RangeAssignment assignment, ExecutorState executor, ClusterException why) {
        if (assignment.fail(executor) >= MOST_FAILURES) {
            throw why;
        }
        drop(executor, why.getMessage());
    }

    private void refuse(RoundExecution execution, RangeAssignment assignment, ExecutorState executor, Failure failure) {
        LOG.warn(
                "executor {} failed at {} of {}: {}",
                executor.connection().name(),
                assignment,
                execution.request(),
                failure.message());
        int failures = assignment.fail(executor);
        if (failure.kind() != Failure.Kind.RETRYABLE) {
            // One executor may be alone with its trouble, such as a file system that its dying JVM has closed already.
            if (failures > 1 || !executors.othersReady(executor)) {
                throw failure.exception();
            }
        } else if (failures >= MOST_FAILURES) {
            throw new ClusterException(assignment + " of " + execution.request() + " failed " + MOST_FAILURES
                    + " times: " + failure.message());
        }
        // Where nobody else holds it, it is dealt again when all that has been told is heard.
        assignment.take(executor);
    }

    /** An executor cannot open the job: final where no other one could. */
    private void refuse(ExecutorState executor, Failure failure) {
        if (!executors.othersReady(executor)) {
            throw failure.exception();
        }
        drop(executor, "cannot open the job: " + failure.message());
    }

    private void drop(ExecutorState executor, @Nullable String why) {
        LOG.warn("executor {} {}", executor.connection().name(), why);
        executors.remove(executor);
        executor.connection().close();
        RoundExecution execution = current;
        if (execution == null) {
            return;
        }
        ReduceScatter reduceScatter = execution.reduceScatter();
        if (reduceScatter != null && !execution.forget(reduceScatter, executor)) {
            endReduceScatter(execution, "executor " + executor.connection().name() + " is gone");
        }
        for (RangeAssignment assignment : execution.assignments()) {
            if (assignment.take(executor) && assignment.lose() >= MOST_LOSSES) {
                throw new ClusterException(
                        assignment + " of " + execution.request() + " were lost with " + MOST_LOSSES + " executors");
            }
        }
    }

    /** Where nobody is there, to the first that comes. */
    private void reassign(RoundExecution execution, RangeAssignment assignment) {
        executors.best(assignment).ifPresent(executor -> {
            LOG.info(
                    "{} of {} are dealt again, to executor {}",
                    assignment,
                    execution.request(),
                    executor.connection().name());
            execution.assign(assignment, executor);
        });
    }

    /** What no event tells: links that are silent, ranges that are nobody's, ranges that are slow. */
    private void checkExecutors(RoundExecution execution) {
        dropSilent();
        requireExecutor(execution.request());
        ReduceScatter reduceScatter = execution.reduceScatter();
        if (reduceScatter != null && reduceScatter.isLate(nanoTime.getAsLong())) {
            endReduceScatter(execution, "slices are late");
        }
        for (RangeAssignment assignment : execution.assignments()) {
            if (!assignment.isDone() && assignment.executors().isEmpty()) {
                reassign(execution, assignment);
            } else if (stragglers.isStraggler(assignment)) {
                executors.idle(assignment).ifPresent(executor -> {
                    LOG.info(
                            "{} of {} are slow and dealt to executor {} too",
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
        byte[] farewell = MessageCodec.encodeStopExecutor();
        executors.all().forEach(executor -> executor.connection().send(farewell));
        executors.clear();
        events.drain().stream()
                .filter(ExecutorEvents.ExecutorRegistered.class::isInstance)
                .forEach(event -> event.connection().send(farewell));
    }
}
