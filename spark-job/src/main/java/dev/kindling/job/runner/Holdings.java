package dev.kindling.job.runner;

import dev.kindling.job.fold.FoldNode;
import dev.kindling.job.fold.Slice;
import dev.kindling.job.tensor.Storage;
import dev.kindling.job.wire.WorkReply;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * What an executor keeps for the others of its run: its slice of the latest vector, and the sums of the orders that ran
 * with it. Thread-safe.
 */
public final class Holdings {
    private final Map<Long, CompletableFuture<Storage>> slices = new HashMap<>();
    private final Map<Integer, WorkReply> kept = new HashMap<>();
    private long latest;

    /** A vector has come, whole or in slices: what belongs to older ones is of no more use to anybody. */
    public synchronized void begin(long version) {
        if (version > latest) {
            latest = version;
            kept.clear();
            slices.forEach((older, slice) -> {
                if (older < version) {
                    slice.completeExceptionally(new IllegalStateException("vector " + older + " is over"));
                }
            });
            slices.keySet().removeIf(older -> older < version);
        }
    }

    /** Takes the slice of a vector that this executor was sent. */
    public synchronized void take(long version, Storage slice) {
        if (version >= latest) {
            var unused = slices.computeIfAbsent(version, key -> new CompletableFuture<>())
                    .complete(slice);
        }
    }

    /** The slice of a vector, as soon as it is here; exceptionally where it will not come. */
    public synchronized CompletableFuture<Storage> slice(long version) {
        if (version < latest) {
            return CompletableFuture.failedFuture(new IllegalStateException("vector " + version + " is over"));
        }
        return slices.computeIfAbsent(version, key -> new CompletableFuture<>());
    }

    /** Keeps a reply to an order that named the given vector. */
    public synchronized void keep(long version, WorkReply reply) {
        if (version == latest) {
            kept.put(reply.firstTask(), reply);
        }
    }

    /** The kept reply to an order; empty if there is none. */
    public synchronized Optional<WorkReply> kept(long version, int firstTask) {
        return version == latest ? Optional.ofNullable(kept.get(firstTask)) : Optional.empty();
    }

    /**
     * A slice of the sums of each node of a kept reply, node after node.
     *
     * @throws IllegalStateException if the reply is not here
     */
    public Storage sums(long version, int firstTask, Slice slice) {
        List<FoldNode> nodes = kept(version, firstTask)
                .orElseThrow(() ->
                        new IllegalStateException("no sums of vector " + version + " from task " + firstTask + " on"))
                .nodes();
        Storage first = nodes.get(0).sums();
        int length = slice.length(first.size());
        Storage all = Storage.zeros(first.precision(), Math.multiplyExact(nodes.size(), length));
        for (int i = 0; i < nodes.size(); i++) {
            all.copyFrom(nodes.get(i).sums(), slice.from(first.size()), i * length, length);
        }
        return all;
    }
}
