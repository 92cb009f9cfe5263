package dev.kindling.job.executor;

import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;

/**
 * Bytes on their way to executors: within the function itself where they are few, by Spark's broadcast where they are
 * many.
 */
public sealed interface TaskPayload extends Serializable {
    /** The bytes; on an executor. */
    byte[] bytes();

    /** Bytes that travel with the function. */
    record Inline(byte[] bytes) implements TaskPayload {}

    /** Bytes that an executor fetches once. */
    record Broadcasted(Broadcast<byte[]> broadcast) implements TaskPayload {
        @Override
        public byte[] bytes() {
            return broadcast.value();
        }
    }
}
