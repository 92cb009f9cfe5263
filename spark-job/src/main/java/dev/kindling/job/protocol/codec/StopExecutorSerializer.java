package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.StopExecutor;

/** A message that says all with its kind. */
final class StopExecutorSerializer extends Serializer<StopExecutor> {
    @Override
    public void write(Kryo kryo, Output output, StopExecutor stop) {
        // Nothing more to say.
    }

    @Override
    public StopExecutor read(Kryo kryo, Input input, Class<StopExecutor> type) {
        return new StopExecutor();
    }
}
