package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.PeerAccess;
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
 * A round whose sums stay with the workers until all are there; then each folds a slice of them for the driver, which so
 * receives one sum and not one from everybody. Of whatever goes wrong with the slices the driver need not know what it was: the
 * round is then finished without an exchange.
 */
final class ReduceScatter {
    /** Folded slices are given up after the patience of the terms, and after a second more for as many bytes of the sums. */
    private static final long BYTES_PER_SECOND = 16L << 20;

    /**
     * From when on workers exchange slices.
     *
     * @param minBytes of a vector or a sum: below, the driver has sent it in a moment
     * @param minExecutors with fewer, the driver's part is little more than with an exchange
     * @param patience for folded slices of small sums
     */
    record Policy(long minBytes, int minExecutors, Duration patience) {
        /** Measured: docs/scaling.md. */
        static final Policy MEASURED = new Policy(4L << 20, 3, Duration.ofSeconds(3));

        /** Whether they are met. */
        boolean appliesTo(List<ExecutorState> workers, FlatVector vector) {
            return appliesTo(workers, vector.size(), vector.precision());
        }

        boolean appliesTo(List<ExecutorState> workers, int numbers, Precision precision) {
            return (long) numbers * precision.bytes() >= minBytes
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
    /** Who folds which slice, by its index; empty until all sums are kept. */
    private final List<ExecutorState> reducers = new ArrayList<>();

    private final TreeMap<Integer, FlatVector> shards = new TreeMap<>();
    private long requested;

    /**
     * An exchange of nothing yet.
     *
     * @param version of the round's vector
     * @param size count of summed numbers of a node
     */
    ReduceScatter(Policy policy, long version, int size, Precision precision) {
        this.policy = policy;
        this.version = version;
        this.size = size;
        this.precision = precision;
    }

    /** A seat keeps the sums of a range, and has replied the rest; how many ranges are kept. */
    int retain(RangeAssignment assignment, ExecutorState executor, RangeResult result) {
        retained.put(assignment, new Retained(executor, result));
        return retained.size();
    }

    /** Who keeps the sums of a range; empty if nobody does. */
    Optional<ExecutorState> holder(RangeAssignment assignment) {
        return Optional.ofNullable(retained.get(assignment)).map(Retained::executor);
    }

    /** The sums of a range are lost. */
    void forget(RangeAssignment assignment) {
        retained.remove(assignment);
    }

    /** Whether slices are being folded. */
    boolean isReducing() {
        return !reducers.isEmpty();
    }

    /** Asks each who keeps something for one slice of the round's sums; how many bytes went. */
    long reduce(int blocks, long now) {
        requested = now;
        retained.values().stream().map(Retained::executor).distinct().forEach(reducers::add);
        long sent = 0;
        for (int i = 0; i < reducers.size(); i++) {
            ExecutorConnection folder = reducers.get(i).connection();
            List<ReduceShardRequest.Source> sources =
                    retained.values().stream().map(one -> piece(one, folder)).toList();
            byte[] order = MessageCodec.encodeReduceShardRequest(
                    new ReduceShardRequest(version, blocks, new VectorShard(i, reducers.size()), sources));
            folder.send(order);
            sent += order.length;
        }
        return sent;
    }

    private static ReduceShardRequest.Source piece(Retained kept, ExecutorConnection folder) {
        PeerAccess holder = kept.executor().connection().peerAccessFor(folder);
        return new ReduceShardRequest.Source(
                holder,
                kept.result().firstTask(),
                kept.result().sums().stream().map(ReduceScatter::head).toList());
    }

    private static ReduceShardRequest.NodeHeader head(PartialSum sum) {
        return new ReduceShardRequest.NodeHeader(sum.level(), sum.index(), sum.tasks());
    }

    /** Takes a slice; false if it is not one that the seat was asked for. */
    @SuppressWarnings("ReferenceEquality")
    boolean take(ExecutorState executor, int index, FlatVector sums) {
        boolean asked = index < reducers.size() && reducers.get(index) == executor;
        if (!asked
                || sums.precision() != precision
                || sums.size() != new VectorShard(index, reducers.size()).length(size)) {
            return false;
        }
        shards.putIfAbsent(index, sums);
        return true;
    }

    /** Whether every slice is here. */
    boolean complete() {
        return isReducing() && shards.size() == reducers.size();
    }

    /** Whether slices have been waited for too long. */
    boolean isLate(long now) {
        return isReducing() && patience(now).isNegative();
    }

    /** How long slices may still take; for ever while none is being folded. */
    Duration patience(long now) {
        if (!isReducing()) {
            return ChronoUnit.FOREVER.getDuration();
        }
        Duration forBytes = Duration.ofSeconds(1)
                .multipliedBy((long) size * precision.bytes())
                .dividedBy(BYTES_PER_SECOND);
        return policy.patience().plus(forBytes).minusNanos(now - requested);
    }

    /** Nanoseconds since slices were asked for. */
    long folding(long now) {
        return now - requested;
    }

    /** The replies, without sums. */
    List<RangeResult> results() {
        return retained.values().stream().map(Retained::result).toList();
    }

    /** The round's sums out of all slices. */
    FlatVector sums() {
        FlatVector sums = FlatVector.zeros(precision, size);
        shards.forEach((index, slice) ->
                sums.copyFrom(slice, 0, new VectorShard(index, reducers.size()).from(size), slice.size()));
        return sums;
    }
}
