package dev.kindling.job.runner;

import dev.kindling.job.protocol.BroadcastShard;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.ReduceShardRequest;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.reduce.TreeReducer;
import dev.kindling.job.reduce.VectorShard;
import dev.kindling.job.tensor.FlatVector;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.IntFunction;

/** The collective operations on shards: all-gather of a broadcast vector and reduce of a shard of the sums. */
public final class ShardCollectives {
    private static final double[] NO_TOTALS = {};

    private ShardCollectives() {}

    /**
     * Gathers the shards of all peers into a vector.
     *
     * @param fetch fetches the shard of the peer with the given index
     * @return the vector, or exceptionally the failure of a peer; IllegalStateException if a shard has the wrong length or
     *     precision
     */
    public static CompletableFuture<BroadcastVector> gather(
            BroadcastShard mine, IntFunction<CompletableFuture<FlatVector>> fetch) {
        int count = mine.peers().size();
        FlatVector whole = FlatVector.zeros(mine.values().precision(), mine.size());
        put(whole, mine.shard(), mine.values());
        List<CompletableFuture<Void>> others = new ArrayList<>();
        for (int step = 1; step < count; step++) {
            // Each executor begins with a different peer, which spreads the load.
            VectorShard shard = new VectorShard((mine.index() + step) % count, count);
            others.add(fetch.apply(shard.index()).thenAccept(values -> put(whole, shard, values)));
        }
        return CompletableFuture.allOf(others.toArray(CompletableFuture[]::new))
                .thenApply(all -> new BroadcastVector(mine.version(), whole));
    }

    private static void put(FlatVector whole, VectorShard shard, FlatVector values) {
        int length = shard.length(whole.size());
        require(values, whole, length);
        whole.copyFrom(values, 0, shard.from(whole.size()), length);
    }

    /**
     * Reduces a shard of the sums of a round.
     *
     * @param fetch fetches the shards of a source's partial sums, concatenated
     * @return the shard of the round's sums, or exceptionally the failure of a holder; IllegalStateException if one sent
     *     vectors of the wrong length or precision
     */
    public static CompletableFuture<FlatVector> reduce(
            ReduceShardRequest request, Function<ReduceShardRequest.Source, CompletableFuture<FlatVector>> fetch) {
        List<CompletableFuture<FlatVector>> shards =
                request.sources().stream().map(fetch).toList();
        return CompletableFuture.allOf(shards.toArray(CompletableFuture[]::new))
                .thenApply(all -> reduce(
                        request, shards.stream().map(CompletableFuture::join).toList()));
    }

    private static FlatVector reduce(ReduceShardRequest request, List<FlatVector> shards) {
        TreeReducer reducer = new TreeReducer(request.blocks());
        FlatVector first = shards.get(0);
        int length = first.size() / request.sources().get(0).nodes().size();
        for (int i = 0; i < shards.size(); i++) {
            List<ReduceShardRequest.NodeHeader> headers =
                    request.sources().get(i).nodes();
            require(shards.get(i), first, headers.size() * length);
            for (int node = 0; node < headers.size(); node++) {
                reducer.add(node(headers.get(node), new VectorShard(node, headers.size()).of(shards.get(i))));
            }
        }
        return reducer.root().sums();
    }

    private static PartialSum node(ReduceShardRequest.NodeHeader header, FlatVector sums) {
        return new PartialSum(header.level(), header.index(), sums, NO_TOTALS, header.tasks());
    }

    private static void require(FlatVector values, FlatVector like, int length) {
        CompiledJob.require(
                values.size() == length && values.precision() == like.precision(),
                values + " was sent instead of " + length + " numbers in " + like.precision());
    }
}
