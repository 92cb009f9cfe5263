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

/** What executors do with slices of vectors and of sums, wherever those come from. */
public final class ShardCollectives {
    private static final double[] NO_TOTALS = {};

    private ShardCollectives() {}

    /**
     * Puts a vector together.
     *
     * @param fetch the slice of the peer of an index
     * @return the vector, or exceptionally what a peer failed with; IllegalStateException if a slice has another length or
     *     precision than it must
     */
    public static CompletableFuture<BroadcastVector> gather(
            BroadcastShard mine, IntFunction<CompletableFuture<FlatVector>> fetch) {
        int count = mine.peers().size();
        FlatVector whole = FlatVector.zeros(mine.values().precision(), mine.size());
        put(whole, mine.shard(), mine.values());
        List<CompletableFuture<Void>> others = new ArrayList<>();
        for (int step = 1; step < count; step++) {
            // Each begins with another one, so that they do not all ask the same one first.
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
     * Folds a slice of the sums of a round.
     *
     * @param fetch the slices of the nodes of a piece, node after node
     * @return the slice of the round's sums, or exceptionally what a holder failed with; IllegalStateException if one sent
     *     something else
     */
    public static CompletableFuture<FlatVector> fold(
            ReduceShardRequest request, Function<ReduceShardRequest.Source, CompletableFuture<FlatVector>> fetch) {
        List<CompletableFuture<FlatVector>> pieces =
                request.sources().stream().map(fetch).toList();
        return CompletableFuture.allOf(pieces.toArray(CompletableFuture[]::new))
                .thenApply(all -> fold(
                        request, pieces.stream().map(CompletableFuture::join).toList()));
    }

    private static FlatVector fold(ReduceShardRequest request, List<FlatVector> pieces) {
        TreeReducer reducer = new TreeReducer(request.blocks());
        FlatVector first = pieces.get(0);
        int length = first.size() / request.sources().get(0).nodes().size();
        for (int i = 0; i < pieces.size(); i++) {
            List<ReduceShardRequest.NodeHeader> headers =
                    request.sources().get(i).nodes();
            require(pieces.get(i), first, headers.size() * length);
            for (int node = 0; node < headers.size(); node++) {
                reducer.add(node(headers.get(node), new VectorShard(node, headers.size()).of(pieces.get(i))));
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
                values + " came where " + length + " numbers in " + like.precision() + " were due");
    }
}
