package dev.kindling.driver.cluster;

import dev.kindling.job.protocol.BroadcastShard;
import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.PeerAccess;
import dev.kindling.job.protocol.codec.MessageCodec;
import dev.kindling.job.reduce.VectorShard;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Sends the vector of one round: the whole vector to each executor, or a shard to each worker, which then gathers the others
 * from its peers. Not thread-safe.
 */
final class VectorBroadcast {
    private final long version;
    private final FlatVector vector;
    /** The message of the whole vector, encoded once; null until it is needed. */
    private byte @Nullable [] encoded;

    VectorBroadcast(long version, FlatVector vector) {
        this.version = version;
        this.vector = vector;
    }

    /** Encodes the whole vector. */
    void encode() {
        var unused = wholeVector();
    }

    /** Sends each worker a shard; returns the number of bytes sent. */
    long scatter(List<ExecutorState> workers) {
        long sent = 0;
        for (int i = 0; i < workers.size(); i++) {
            FlatVector values = new VectorShard(i, workers.size()).of(vector);
            ExecutorConnection connection = workers.get(i).connection();
            List<PeerAccess> peers = workers.stream()
                    .map(executor -> executor.connection().peerAccessFor(connection))
                    .toList();
            BroadcastShard shard = new BroadcastShard(version, vector.size(), i, values, peers);
            sent += workers.get(i).sendVector(version, () -> MessageCodec.encodeBroadcastShard(shard));
        }
        return sent;
    }

    /** Sends the whole vector unless the executor has been sent it or a shard of it; returns the number of bytes sent. */
    long sendOnce(ExecutorState executor) {
        return executor.sendVector(version, this::wholeVector);
    }

    /** Sends the whole vector to an executor that could not gather its shards; returns the number of bytes sent. */
    long resend(ExecutorState executor) {
        byte[] bytes = wholeVector();
        executor.connection().send(bytes);
        return bytes.length;
    }

    private byte[] wholeVector() {
        byte[] bytes = encoded;
        if (bytes == null) {
            bytes = MessageCodec.encodeBroadcastVector(new BroadcastVector(version, vector));
            encoded = bytes;
        }
        return bytes;
    }
}
