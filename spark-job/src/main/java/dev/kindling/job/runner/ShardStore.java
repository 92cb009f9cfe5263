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
 * Stores what other executors of the run may fetch from this one: its shard of the latest vector, and the sums of the ranges
 * that ran with it. Thread-safe.
 */
public final class ShardStore {
    private final Map<Long, CompletableFuture<FlatVector>> shards = new HashMap<>();
    private final Map<Integer, RangeResult> retained = new HashMap<>();
    private long latest;

    /** Discards everything that belongs to older vectors: a newer one has arrived, whole or as a shard. */
    public synchronized void begin(long version) {
        if (version > latest) {
            latest = version;
            retained.clear();
            shards.forEach((older, shard) -> {
                if (older < version) {
                    shard.completeExceptionally(new IllegalStateException("vector " + older + " is over"));
                }
            });
            shards.keySet().removeIf(older -> older < version);
        }
    }

    /** Stores the shard of a vector that this executor was sent. */
    public synchronized void put(long version, FlatVector shard) {
        if (version >= latest) {
            var unused = shards.computeIfAbsent(version, key -> new CompletableFuture<>())
                    .complete(shard);
        }
    }

    /** The shard of a vector once it is stored; completes exceptionally if the vector is outdated. */
    public synchronized CompletableFuture<FlatVector> shard(long version) {
        if (version < latest) {
            return CompletableFuture.failedFuture(new IllegalStateException("vector " + version + " is over"));
        }
        return shards.computeIfAbsent(version, key -> new CompletableFuture<>());
    }

    /** Retains the result of a range that ran with the given vector. */
    public synchronized void retain(long version, RangeResult result) {
        if (version == latest) {
            retained.put(result.firstTask(), result);
        }
    }

    /** The retained result of a range; empty if there is none. */
    public synchronized Optional<RangeResult> retained(long version, int firstTask) {
        return version == latest ? Optional.ofNullable(retained.get(firstTask)) : Optional.empty();
    }

    /**
     * A shard of each partial sum of a retained result, concatenated.
     *
     * @throws IllegalStateException if the result is not retained
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
