package dev.kindling.driver.cluster;

import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.tensor.FlatVector;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * A round that is being run: assigns its ranges, collects their results and sums, and counts bytes and times. Its sums are
 * collected by a {@link ReduceScatter} until one fails, and directly from then on. Not thread-safe.
 */
final class RoundExecution {
    /** Whether the executors of a round have exchanged shards, of its vector or of its sums. */
    enum Exchange {
        NOT_USED,
        SUCCEEDED,
        FAILED
    }

    private final PreparedRound round;
    private final VectorBroadcast broadcast;
    private final LongSupplier nanoTime;
    private final long encodeNanos;
    private SumCollection sums;
    private Exchange exchange;
    private long bytesOut;
    private long bytesIn;
    private ExecutorTimings timings = new ExecutorTimings(0, 0, 0, 0);

    private RoundExecution(PreparedRound round, FlatVector vector, Exchange exchange, LongSupplier nanoTime) {
        this.round = round;
        this.broadcast = new VectorBroadcast(round.version(), vector);
        this.nanoTime = nanoTime;
        this.sums = round.sums();
        this.exchange = exchange == Exchange.NOT_USED && sums instanceof ReduceScatter ? Exchange.SUCCEEDED : exchange;
        long begin = nanoTime.getAsLong();
        if (exchange == Exchange.NOT_USED) {
            broadcast.encode();
        } else {
            bytesOut += broadcast.scatter(round.workers());
        }
        this.encodeNanos = nanoTime.getAsLong() - begin;
    }

    /**
     * Begins a round by sending every executor the vector and its range.
     *
     * @param nanoTime as {@link System#nanoTime}
     */
    static RoundExecution begin(PreparedRound round, FlatVector vector, LongSupplier nanoTime) {
        return new RoundExecution(round, vector, Exchange.NOT_USED, nanoTime).assignAll();
    }

    /** As {@link #begin}, but sends every executor a shard of the vector, and the executors gather the others. */
    static RoundExecution beginWithShards(PreparedRound round, FlatVector vector, LongSupplier nanoTime) {
        return new RoundExecution(round, vector, Exchange.SUCCEEDED, nanoTime).assignAll();
    }

    private RoundExecution assignAll() {
        assignments().forEach(assignment -> assign(assignment, assignment.first()));
        return this;
    }

    RoundRequest request() {
        return round.request();
    }

    /** Version of the round's vector. */
    long version() {
        return round.version();
    }

    List<RangeAssignment> assignments() {
        return round.assignments();
    }

    List<ExecutorState> executors() {
        return round.executors();
    }

    Optional<RangeAssignment> assignmentOf(int firstTask) {
        return assignments().stream()
                .filter(assignment -> assignment.firstTask() == firstTask)
                .findFirst();
    }

    boolean complete() {
        return round.tracker().complete();
    }

    /** Whether executors are to return the sums of a range with its result. */
    boolean returnsSums() {
        return sums.location() == RangeRequest.SumLocation.RETURNED;
    }

    /** How long the driver waits for reduced shards; negative if they are late. */
    Duration shardTimeout() {
        return sums.timeout(nanoTime.getAsLong());
    }

    /** Assigns a range to an executor, and sends it the vector unless it has been sent. */
    void assign(RangeAssignment assignment, ExecutorState executor) {
        bytesOut += broadcast.sendOnce(executor);
        bytesOut += assignment.assignTo(executor, nanoTime.getAsLong());
    }

    /** Sends the whole vector to an executor that could not gather its shards. */
    void sendWholeVector(ExecutorState executor) {
        exchange = Exchange.FAILED;
        bytesOut += broadcast.resend(executor);
    }

    /** Counts bytes received for this round. */
    void received(int bytes) {
        bytesIn += bytes;
    }

    /**
     * Adds the result of a range with its sums.
     *
     * @param took nanoseconds from the assignment to the arrival of the result
     * @return false if the range had a result already
     * @throws ClusterException if the result does not fit the round
     */
    boolean completed(RangeAssignment assignment, RangeResult result, long took) {
        long begin = nanoTime.getAsLong();
        if (!round.tracker().accept(result)) {
            return false;
        }
        rangeDone(assignment, result, took, nanoTime.getAsLong() - begin);
        return true;
    }

    /**
     * Records that an executor retains the sums of a range. After the last range, the executors reduce their shards.
     *
     * @param result with empty sums
     * @param took nanoseconds from the assignment to the arrival of the result
     * @return false if other executors cannot fetch these sums, so that {@link #collectDirectly} must follow
     * @throws ClusterException if the result does not fit the round
     */
    boolean retained(RangeAssignment assignment, ExecutorState executor, RangeResult result, long took) {
        round.tracker().requireFits(result);
        if (!(sums instanceof ReduceScatter reduceScatter)) {
            return true;
        }
        int retained = reduceScatter.retain(assignment, executor, result);
        if (executor.connection().peer().isEmpty()) {
            return false;
        }
        rangeDone(assignment, result, took, 0);
        if (retained == assignments().size()) {
            bytesOut += reduceScatter.reduce(round.tracker().blocks(), nanoTime.getAsLong());
        }
        return true;
    }

    private void rangeDone(RangeAssignment assignment, RangeResult result, long took, long reduceNanos) {
        assignment.done();
        timings = ExecutorTimings.of(
                result.nanos(), reduceNanos, Math.max(0, took - result.nanos().elapsed()) + encodeNanos);
    }

    /** Adds a reduced shard, the last of which completes the round; false if the executor was not to send it. */
    boolean shardReduced(ExecutorState executor, int shard, FlatVector values) {
        if (!(sums instanceof ReduceScatter reduceScatter)) {
            return true;
        }
        if (!reduceScatter.take(executor, shard, values)) {
            return false;
        }
        if (reduceScatter.complete()) {
            round.tracker().accept(reduceScatter.results(), reduceScatter.sums());
            timings = timings.plusCommunication(reduceScatter.reduceNanos(nanoTime.getAsLong()));
            sums = new SumCollection.Direct();
        }
        return true;
    }

    /**
     * Discards the sums that a lost executor retains, so that their ranges are assigned again.
     *
     * @return false if shards are being reduced from them, so that {@link #collectDirectly} must follow
     */
    boolean discardRetained(ExecutorState executor) {
        if (!(sums instanceof ReduceScatter reduceScatter)) {
            return true;
        }
        List<RangeAssignment> lost = assignments().stream()
                .filter(assignment -> reduceScatter
                        .holder(assignment)
                        .filter(executor::equals)
                        .isPresent())
                .toList();
        if (reduceScatter.isReducing() && !lost.isEmpty()) {
            return false;
        }
        for (RangeAssignment assignment : lost) {
            reduceScatter.forget(assignment);
            assignment.undo();
        }
        return true;
    }

    /**
     * Gives up the reduce-scatter: the executors that retain sums are requested to return them.
     *
     * @param connected executors that are still connected
     */
    void collectDirectly(Collection<ExecutorState> connected) {
        if (!(sums instanceof ReduceScatter reduceScatter)) {
            return;
        }
        exchange = Exchange.FAILED;
        sums = new SumCollection.Direct();
        for (RangeAssignment assignment : assignments()) {
            Optional<ExecutorState> holder = reduceScatter
                    .holder(assignment)
                    .or(() -> assignment.executors().stream().findFirst())
                    .filter(connected::contains);
            assignment.restartReturningSums();
            // A range that no executor holds is reassigned after all events that have arrived are handled.
            holder.ifPresent(executor -> assign(assignment, executor));
        }
    }

    /** Whether executors have exchanged shards in this round, for {@link ReduceScatterBreaker}. */
    Exchange exchange() {
        return exchange;
    }

    /** The completed round. */
    RoundResult result() {
        return round.tracker().result(bytesOut, bytesIn, timings);
    }
}
