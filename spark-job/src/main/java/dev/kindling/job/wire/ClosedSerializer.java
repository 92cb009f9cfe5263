package dev.kindling.job.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;

/** A message that says all with its kind. */
final class ClosedSerializer extends Serializer<Closed> {
    @Override
    public void write(Kryo kryo, Output output, Closed closed) {
        // Nothing more to say.
    }

    @Override
    public Closed read(Kryo kryo, Input input, Class<Closed> type) {
        return new Closed();
    }
}
