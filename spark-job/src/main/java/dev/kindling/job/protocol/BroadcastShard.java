package dev.kindling.job.protocol;

import dev.kindling.job.reduce.VectorShard;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;

/**
 * A shard of a {@link BroadcastVector}, a different one for each peer: driver to executors. Each executor fetches the other
 * shards from the peers (an all-gather), so the driver sends the vector once and not once per executor.
 *
 * @param version of the vector
 * @param size length of the whole vector
 * @param index position of this executor among the peers, and so the index of the shard
 * @param values the shard
 * @param peers all of them, by the index of their shard
 */
public record BroadcastShard(long version, int size, int index, FlatVector values, List<PeerAccess> peers)
        implements ExecutorMessage {
    public BroadcastShard {
        peers = List.copyOf(peers);
        if (values.size() != new VectorShard(index, peers.size()).length(size)) {
            throw new IllegalArgumentException(values.size() + " numbers are not shard " + index + " of " + peers.size()
                    + " of a vector of " + size);
        }
    }

    /** The position of the shard in the vector. */
    public VectorShard shard() {
        return new VectorShard(index, peers.size());
    }
}
