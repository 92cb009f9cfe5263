package dev.kindling.job.runner;

import dev.kindling.job.fold.Fold;
import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.fold.Slice;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.FoldOrder;
import dev.kindling.job.wire.SharedVector;
import dev.kindling.job.wire.VectorSlice;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.IntFunction;

/** What executors do with slices of vectors and of sums, wherever those come from. */
public final class Slices {
    private static final double[] NO_TOTALS = {};

    private Slices() {}

    /**
     * Puts a vector together.
     *
     * @param fetch the slice of the peer of an index
     * @return the vector, or exceptionally what a peer failed with; IllegalStateException if a slice has another length or
     *     precision than it must
     */
    public static CompletableFuture<SharedVector> gather(
            VectorSlice mine, IntFunction<CompletableFuture<Storage>> fetch) {
        int count = mine.peers().size();
        Storage whole = Storage.zeros(mine.values().precision(), mine.size());
        put(whole, mine.slice(), mine.values());
        List<CompletableFuture<Void>> others = new ArrayList<>();
        for (int step = 1; step < count; step++) {
            // Each begins with another one, so that they do not all ask the same one first.
            Slice slice = new Slice((mine.index() + step) % count, count);
            others.add(fetch.apply(slice.index()).thenAccept(values -> put(whole, slice, values)));
        }
        return CompletableFuture.allOf(others.toArray(CompletableFuture[]::new))
                .thenApply(all -> new SharedVector(mine.version(), whole));
    }

    private static void put(Storage whole, Slice slice, Storage values) {
        int length = slice.length(whole.size());
        require(values, whole, length);
        whole.copyFrom(values, 0, slice.from(whole.size()), length);
    }

    /**
     * Folds a slice of the sums of a round.
     *
     * @param fetch the slices of the nodes of a piece, node after node
     * @return the slice of the round's sums, or exceptionally what a holder failed with; IllegalStateException if one sent
     *     something else
     */
    public static CompletableFuture<Storage> fold(
            FoldOrder order, Function<FoldOrder.Piece, CompletableFuture<Storage>> fetch) {
        List<CompletableFuture<Storage>> pieces =
                order.pieces().stream().map(fetch).toList();
        return CompletableFuture.allOf(pieces.toArray(CompletableFuture[]::new))
                .thenApply(all ->
                        fold(order, pieces.stream().map(CompletableFuture::join).toList()));
    }

    private static Storage fold(FoldOrder order, List<Storage> pieces) {
        Fold fold = new Fold(order.blocks());
        Storage first = pieces.get(0);
        int length = first.size() / order.pieces().get(0).nodes().size();
        for (int i = 0; i < pieces.size(); i++) {
            List<FoldOrder.Head> heads = order.pieces().get(i).nodes();
            require(pieces.get(i), first, heads.size() * length);
            for (int node = 0; node < heads.size(); node++) {
                fold.add(node(heads.get(node), new Slice(node, heads.size()).of(pieces.get(i))));
            }
        }
        return fold.root().sums();
    }

    private static FoldNode node(FoldOrder.Head head, Storage sums) {
        return new FoldNode(head.level(), head.index(), sums, NO_TOTALS, head.tasks());
    }

    private static void require(Storage values, Storage like, int length) {
        Runner.require(
                values.size() == length && values.precision() == like.precision(),
                values + " came where " + length + " numbers in " + like.precision() + " were due");
    }
}
