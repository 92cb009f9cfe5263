package dev.kindling.job.executor;

import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.codec.MessageCodec;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The shared vector that this JVM decoded last: the Spark tasks of one round decode it once between them. Thread-safe. */
final class ParameterCache {
    private record Known(String cluster, BroadcastVector shared) {}

    private @Nullable Known known;

    /**
     * The vector of the given version.
     *
     * @param cluster tells apart the clusters of one JVM, whose versions may be equal
     */
    synchronized BroadcastVector get(String cluster, long version, Supplier<byte[]> bytes) {
        Known latest = known;
        if (latest == null || !latest.cluster.equals(cluster) || latest.shared.version() != version) {
            latest = new Known(cluster, MessageCodec.decodeBroadcastVector(bytes.get()));
            known = latest;
        }
        return latest.shared;
    }
}
