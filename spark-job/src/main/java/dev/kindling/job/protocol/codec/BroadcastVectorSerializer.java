package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.BroadcastVector;

final class BroadcastVectorSerializer extends Serializer<BroadcastVector> {
    @Override
    public void write(Kryo kryo, Output output, BroadcastVector shared) {
        output.writeLong(shared.version());
        WireFormat.writeStorage(output, shared.values());
    }

    @Override
    public BroadcastVector read(Kryo kryo, Input input, Class<BroadcastVector> type) {
        return new BroadcastVector(input.readLong(), WireFormat.readStorage(input));
    }
}
