package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;

/** The encoding of one message type, from a function that writes it and a function that reads it. */
final class MessageSerializer<T> extends Serializer<T> {
    /** Writes the components of a message. */
    @FunctionalInterface
    interface Writer<T> {
        void write(Kryo kryo, Output output, T message);
    }

    /** Reads the components of a message in the order in which they were written. */
    @FunctionalInterface
    interface Reader<T> {
        T read(Kryo kryo, Input input);
    }

    private final Writer<T> writer;
    private final Reader<T> reader;

    MessageSerializer(Writer<T> writer, Reader<T> reader) {
        this.writer = writer;
        this.reader = reader;
    }

    @Override
    public void write(Kryo kryo, Output output, T message) {
        writer.write(kryo, output, message);
    }

    @Override
    public T read(Kryo kryo, Input input, Class<T> type) {
        return reader.read(kryo, input);
    }
}
