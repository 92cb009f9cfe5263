package dev.kindling.job.executor;

import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;

/**
 * Bytes that a Spark task reads on an executor: serialized with the task's function if they are few, sent by Spark's broadcast
 * if they are many.
 */
public sealed interface TaskPayload extends Serializable {
    /** The bytes; called on an executor. */
    byte[] bytes();

    /** Bytes that are serialized with the function. */
    record Inline(byte[] bytes) implements TaskPayload {}

    /** Bytes that an executor fetches once. */
    record Broadcasted(Broadcast<byte[]> broadcast) implements TaskPayload {
        @Override
        public byte[] bytes() {
            return broadcast.value();
        }
    }
}
