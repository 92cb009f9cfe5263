package dev.kindling.driver.storage;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Encoder of one message of protocol buffers, whose fields are written in the order in which they are added. It has the wire types
 * that TensorBoard's events and ONNX's models need; a field is given by its number in the format's {@code .proto} file.
 */
public final class ProtobufMessage {
    private static final int VARINT = 0;
    private static final int EIGHT_BYTES = 1;
    private static final int LENGTH_DELIMITED = 2;
    private static final int FOUR_BYTES = 5;
    private static final int TYPE_BITS = 3;

    private static final int BITS = 7;
    private static final int SEVEN_BITS = 0x7f;
    private static final int CONTINUED = 0x80;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** Adds an integer, a boolean or an enumeration's number. */
    public ProtobufMessage integer(int field, long number) {
        key(field, VARINT);
        varint(number);
        return this;
    }

    /** Adds a {@code double}. */
    public ProtobufMessage number(int field, double number) {
        key(field, EIGHT_BYTES);
        out.writeBytes(ByteBuffer.allocate(Double.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putDouble(number)
                .array());
        return this;
    }

    /** Adds a {@code float}. */
    public ProtobufMessage number(int field, float number) {
        key(field, FOUR_BYTES);
        out.writeBytes(ByteBuffer.allocate(Float.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(number)
                .array());
        return this;
    }

    /** Adds text in UTF-8. */
    public ProtobufMessage text(int field, String text) {
        return bytes(field, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Adds a message. */
    public ProtobufMessage message(int field, ProtobufMessage message) {
        return bytes(field, message.toByteArray());
    }

    /** Adds bytes. */
    public ProtobufMessage bytes(int field, byte[] content) {
        key(field, LENGTH_DELIMITED);
        varint(content.length);
        out.writeBytes(content);
        return this;
    }

    private void key(int field, int type) {
        varint((long) field << TYPE_BITS | type);
    }

    private void varint(long number) {
        long rest = number;
        while ((rest & ~SEVEN_BITS) != 0) {
            out.write(((int) rest & SEVEN_BITS) | CONTINUED);
            rest >>>= BITS;
        }
        out.write((int) rest);
    }

    /** The encoded message. */
    public byte[] toByteArray() {
        return out.toByteArray();
    }
}
