package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.PeerAccess;
import dev.kindling.job.protocol.RangeRequest;
import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.protocol.ReduceShardRequest;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.reduce.VectorShard;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Collects the sums of a round by a reduce-scatter followed by a gather to the driver: executors retain their sums until all
 * ranges have run; then each reduces one shard of them, so that the driver receives one sum and not one per executor. After
 * any failure of an exchange the round is finished by collecting the sums directly.
 */
final class ReduceScatter implements SumCollection {
    /** Adds a second to the policy's timeout for this many bytes of the sums. */
    private static final long BYTES_PER_SECOND = 16L << 20;

    /**
     * The conditions for exchanging shards.
     *
     * @param minBytes of a vector or a sum: a smaller one is sent by the driver in negligible time
     * @param minExecutors with fewer, the driver transfers little more than in an exchange
     * @param timeout for reduced shards of small sums
     */
    record Policy(long minBytes, int minExecutors, Duration timeout) {
        /** Measured: docs/scaling.md. */
        static final Policy MEASURED = new Policy(4L << 20, 3, Duration.ofSeconds(3));

        /** Whether a vector is large enough, and all workers accept connections of peers. */
        boolean appliesTo(List<ExecutorState> workers, FlatVector vector) {
            return appliesTo(workers, vector.size(), vector.precision());
        }

        boolean appliesTo(List<ExecutorState> workers, int size, Precision precision) {
            return (long) size * precision.bytes() >= minBytes
                    && workers.size() >= minExecutors
                    && workers.stream()
                            .allMatch(executor -> executor.connection().peer().isPresent());
        }
    }

    private record Retained(ExecutorState executor, RangeResult result) {}

    private final Policy policy;
    private final long version;
    private final int size;
    private final Precision precision;
    private final Map<RangeAssignment, Retained> retained = new LinkedHashMap<>();
    /** The executors that reduce the shards, by shard index; empty until all sums are retained. */
    private final List<ExecutorState> reducers = new ArrayList<>();

    private final TreeMap<Integer, FlatVector> shards = new TreeMap<>();
    private long requestedAt;

    /**
     * Collects the sums of a round of which no range has run.
     *
     * @param version of the round's vector
     * @param size length of the sums
     */
    ReduceScatter(Policy policy, long version, int size, Precision precision) {
        this.policy = policy;
        this.version = version;
        this.size = size;
        this.precision = precision;
    }

    @Override
    public RangeRequest.SumLocation location() {
        return RangeRequest.SumLocation.RETAINED;
    }

    /** Records that an executor retains the sums of a range; returns the number of ranges whose sums are retained. */
    int retain(RangeAssignment assignment, ExecutorState executor, RangeResult result) {
        retained.put(assignment, new Retained(executor, result));
        return retained.size();
    }

    /** The executor that retains the sums of a range; empty if there is none. */
    Optional<ExecutorState> holder(RangeAssignment assignment) {
        return Optional.ofNullable(retained.get(assignment)).map(Retained::executor);
    }

    /** Records that the sums of a range are lost. */
    void forget(RangeAssignment assignment) {
        retained.remove(assignment);
    }

    /** Whether shards are being reduced. */
    boolean isReducing() {
        return !reducers.isEmpty();
    }

    /** Requests one reduced shard of each executor that retains sums; returns the number of bytes sent. */
    long reduce(int blocks, long now) {
        requestedAt = now;
        retained.values().stream().map(Retained::executor).distinct().forEach(reducers::add);
        long sent = 0;
        for (int i = 0; i < reducers.size(); i++) {
            ExecutorConnection target = reducers.get(i).connection();
            List<ReduceShardRequest.Source> sources =
                    retained.values().stream().map(one -> source(one, target)).toList();
            byte[] request = MessageCodec.encodeReduceShardRequest(
                    new ReduceShardRequest(version, blocks, new VectorShard(i, reducers.size()), sources));
            target.send(request);
            sent += request.length;
        }
        return sent;
    }

    private static ReduceShardRequest.Source source(Retained one, ExecutorConnection target) {
        PeerAccess holder = one.executor().connection().peerAccessFor(target);
        return new ReduceShardRequest.Source(
                holder,
                one.result().firstTask(),
                one.result().sums().stream().map(ReduceScatter::header).toList());
    }

    private static ReduceShardRequest.NodeHeader header(PartialSum sum) {
        return new ReduceShardRequest.NodeHeader(sum.level(), sum.index(), sum.tasks());
    }

    /** Adds a reduced shard; false if the executor was not requested to send it. */
    @SuppressWarnings("ReferenceEquality")
    boolean take(ExecutorState executor, int index, FlatVector sums) {
        boolean requestedOfIt = index < reducers.size() && reducers.get(index) == executor;
        if (!requestedOfIt
                || sums.precision() != precision
                || sums.size() != new VectorShard(index, reducers.size()).length(size)) {
            return false;
        }
        shards.putIfAbsent(index, sums);
        return true;
    }

    /** Whether every shard has arrived. */
    boolean complete() {
        return isReducing() && shards.size() == reducers.size();
    }

    @Override
    public Duration timeout(long now) {
        if (!isReducing()) {
            return ChronoUnit.FOREVER.getDuration();
        }
        Duration forBytes = Duration.ofSeconds(1)
                .multipliedBy((long) size * precision.bytes())
                .dividedBy(BYTES_PER_SECOND);
        return policy.timeout().plus(forBytes).minusNanos(now - requestedAt);
    }

    /** Nanoseconds since reduced shards were requested. */
    long reduceNanos(long now) {
        return now - requestedAt;
    }

    /** The results, with empty sums. */
    List<RangeResult> results() {
        return retained.values().stream().map(Retained::result).toList();
    }

    /** The round's sums, assembled from all shards. */
    FlatVector sums() {
        FlatVector sums = FlatVector.zeros(precision, size);
        shards.forEach((index, shard) ->
                sums.copyFrom(shard, 0, new VectorShard(index, reducers.size()).from(size), shard.size()));
        return sums;
    }
}
