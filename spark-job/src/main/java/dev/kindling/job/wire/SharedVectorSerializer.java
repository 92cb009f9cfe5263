package dev.kindling.job.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;

final class SharedVectorSerializer extends Serializer<SharedVector> {
    @Override
    public void write(Kryo kryo, Output output, SharedVector shared) {
        output.writeLong(shared.version());
        Parts.writeStorage(output, shared.values());
    }

    @Override
    public SharedVector read(Kryo kryo, Input input, Class<SharedVector> type) {
        return new SharedVector(input.readLong(), Parts.readStorage(input));
    }
}
