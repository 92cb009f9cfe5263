package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.Failure;

final class FailureSerializer extends Serializer<Failure> {
    @Override
    public void write(Kryo kryo, Output output, Failure failure) {
        WireFormat.writeConstant(output, failure.kind());
        WireFormat.writeText(output, failure.message());
    }

    @Override
    public Failure read(Kryo kryo, Input input, Class<Failure> type) {
        Failure.Kind kind = WireFormat.readConstant(input, Failure.Kind.values());
        return new Failure(kind, WireFormat.readText(input));
    }
}
