package dev.kindling.job.protocol;

import dev.kindling.job.reduce.VectorShard;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;

/**
 * A slice of a {@link BroadcastVector}, of which every peer is sent another one: driver to executors. Each fetches the others
 * from the peers, so that the driver sends the vector once and not to everybody.
 *
 * @param version of the vector
 * @param size count of its numbers
 * @param index which of the peers this executor is, and so which slice this is
 * @param values the slice
 * @param peers all of them, by the slice that they have
 */
public record BroadcastShard(long version, int size, int index, FlatVector values, List<PeerAccess> peers)
        implements ExecutorMessage {
    public BroadcastShard {
        peers = List.copyOf(peers);
        if (values.size() != new VectorShard(index, peers.size()).length(size)) {
            throw new IllegalArgumentException(values.size() + " numbers are not slice " + index + " of " + peers.size()
                    + " of a vector of " + size);
        }
    }

    /** Which slice it is. */
    public VectorShard shard() {
        return new VectorShard(index, peers.size());
    }
}
