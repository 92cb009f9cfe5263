package dev.kindling.job.runner;

import dev.kindling.job.protocol.RangeResult;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.reduce.VectorShard;
import dev.kindling.job.tensor.FlatVector;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * What an executor keeps for the others of its run: its slice of the latest vector, and the sums of the orders that ran
 * with it. Thread-safe.
 */
public final class ShardStore {
    private final Map<Long, CompletableFuture<FlatVector>> shards = new HashMap<>();
    private final Map<Integer, RangeResult> retained = new HashMap<>();
    private long latest;

    /** A vector has come, whole or in slices: what belongs to older ones is of no more use to anybody. */
    public synchronized void begin(long version) {
        if (version > latest) {
            latest = version;
            retained.clear();
            shards.forEach((older, slice) -> {
                if (older < version) {
                    slice.completeExceptionally(new IllegalStateException("vector " + older + " is over"));
                }
            });
            shards.keySet().removeIf(older -> older < version);
        }
    }

    /** Takes the slice of a vector that this executor was sent. */
    public synchronized void take(long version, FlatVector slice) {
        if (version >= latest) {
            var unused = shards.computeIfAbsent(version, key -> new CompletableFuture<>())
                    .complete(slice);
        }
    }

    /** The slice of a vector, as soon as it is here; exceptionally where it will not come. */
    public synchronized CompletableFuture<FlatVector> shard(long version) {
        if (version < latest) {
            return CompletableFuture.failedFuture(new IllegalStateException("vector " + version + " is over"));
        }
        return shards.computeIfAbsent(version, key -> new CompletableFuture<>());
    }

    /** Keeps a reply to an order that named the given vector. */
    public synchronized void retain(long version, RangeResult result) {
        if (version == latest) {
            retained.put(result.firstTask(), result);
        }
    }

    /** The kept reply to an order; empty if there is none. */
    public synchronized Optional<RangeResult> retained(long version, int firstTask) {
        return version == latest ? Optional.ofNullable(retained.get(firstTask)) : Optional.empty();
    }

    /**
     * A slice of the sums of each node of a kept reply, node after node.
     *
     * @throws IllegalStateException if the reply is not here
     */
    public FlatVector sums(long version, int firstTask, VectorShard shard) {
        List<PartialSum> sums = retained(version, firstTask)
                .orElseThrow(() ->
                        new IllegalStateException("no sums of vector " + version + " from task " + firstTask + " on"))
                .sums();
        FlatVector first = sums.get(0).sums();
        int length = shard.length(first.size());
        FlatVector all = FlatVector.zeros(first.precision(), Math.multiplyExact(sums.size(), length));
        for (int i = 0; i < sums.size(); i++) {
            all.copyFrom(sums.get(i).sums(), shard.from(first.size()), i * length, length);
        }
        return all;
    }
}
