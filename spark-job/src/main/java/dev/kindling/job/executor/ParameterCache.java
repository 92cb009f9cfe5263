package dev.kindling.job.executor;

import dev.kindling.job.protocol.BroadcastVector;
import dev.kindling.job.protocol.codec.MessageCodec;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Caches the broadcast vector that this JVM decoded last, so that the Spark tasks of a round decode it once. Thread-safe. */
final class ParameterCache {
    private record Entry(String cluster, BroadcastVector shared) {}

    private @Nullable Entry cached;

    /**
     * The vector of the given version.
     *
     * @param cluster name of the cluster; different clusters use equal versions
     */
    synchronized BroadcastVector get(String cluster, long version, Supplier<byte[]> bytes) {
        Entry latest = cached;
        if (latest == null || !latest.cluster.equals(cluster) || latest.shared.version() != version) {
            latest = new Entry(cluster, MessageCodec.decodeBroadcastVector(bytes.get()));
            cached = latest;
        }
        return latest.shared;
    }
}
