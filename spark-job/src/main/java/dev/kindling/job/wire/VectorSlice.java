package dev.kindling.job.wire;

import dev.kindling.job.fold.Slice;
import dev.kindling.job.tensor.Storage;
import java.util.List;

/**
 * A slice of a {@link SharedVector}, of which every peer is sent another one: driver to executors. Each fetches the others
 * from the peers, so that the driver sends the vector once and not to everybody.
 *
 * @param version of the vector
 * @param size count of its numbers
 * @param index which of the peers this executor is, and so which slice this is
 * @param values the slice
 * @param peers all of them, by the slice that they have
 */
public record VectorSlice(long version, int size, int index, Storage values, List<PeerAccess> peers)
        implements ToWorker {
    public VectorSlice {
        peers = List.copyOf(peers);
        if (values.size() != new Slice(index, peers.size()).length(size)) {
            throw new IllegalArgumentException(values.size() + " numbers are not slice " + index + " of " + peers.size()
                    + " of a vector of " + size);
        }
    }

    /** Which slice it is. */
    public Slice slice() {
        return new Slice(index, peers.size());
    }
}
