package dev.kindling.job.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;

final class FailureSerializer extends Serializer<Failure> {
    @Override
    public void write(Kryo kryo, Output output, Failure failure) {
        Parts.writeConstant(output, failure.kind());
        Parts.writeText(output, failure.sentence());
    }

    @Override
    public Failure read(Kryo kryo, Input input, Class<Failure> type) {
        Failure.Kind kind = Parts.readConstant(input, Failure.Kind.values());
        return new Failure(kind, Parts.readText(input));
    }
}
