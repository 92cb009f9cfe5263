package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.protocol.Peer;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;

/** Reads and writes the primitive parts of messages. Every count is checked against the remaining bytes before it is used. */
final class WireFormat {
    /** The length of the largest Java array, and so of the largest message. */
    static final int LARGEST_MESSAGE = Integer.MAX_VALUE - 8;

    private static final int CHUNK = 1 << 16;
    private static final int MAX_RANK = 64;
    private static final int PORTS = 1 << 16;

    private WireFormat() {}

    static void writeCount(Output output, int count) {
        output.writeVarInt(count, true);
    }

    /** A count of elements of at least {@code bytesEach} bytes each. */
    static int readCount(Input input, int bytesEach) {
        int count = input.readVarInt(true);
        require(count >= 0 && (long) count * bytesEach <= input.limit() - input.position(), "a count of " + count);
        return count;
    }

    /** A non-negative integer. */
    static int readIndex(Input input) {
        int index = input.readVarInt(true);
        require(index >= 0, "an index of " + index);
        return index;
    }

    /** An integer in [0, end). */
    static int readIndex(Input input, int end) {
        int index = input.readVarInt(true);
        require(index >= 0 && index < end, "an index of " + index + " where there are " + end);
        return index;
    }

    static void writeText(Output output, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        writeCount(output, bytes.length);
        output.writeBytes(bytes);
    }

    static void writeTexts(Output output, String... texts) {
        for (String text : texts) {
            writeText(output, text);
        }
    }

    static String readText(Input input) {
        return new String(input.readBytes(readCount(input, 1)), StandardCharsets.UTF_8);
    }

    static void writePeer(Output output, Peer peer) {
        writeText(output, peer.host());
        writeCount(output, peer.port());
    }

    static Peer readPeer(Input input) {
        return new Peer(readText(input), readIndex(input, PORTS));
    }

    static void writeFlag(Output output, boolean flag) {
        output.writeByte(flag ? 1 : 0);
    }

    static boolean readFlag(Input input) {
        byte flag = input.readByte();
        require(flag == 0 || flag == 1, "a flag of " + flag);
        return flag == 1;
    }

    /** An enum constant as its ordinal: both ends run the same build. */
    @SuppressWarnings("EnumOrdinal")
    static void writeConstant(Output output, Enum<?> constant) {
        output.writeByte(constant.ordinal());
    }

    /** An enum constant by its ordinal among the given ones. */
    static <E> E readConstant(Input input, E[] constants) {
        int ordinal = input.readByteUnsigned();
        require(ordinal < constants.length, "constant " + ordinal + " of " + constants.length);
        return constants[ordinal];
    }

    static void writeShape(Output output, Shape shape) {
        writeCount(output, shape.rank());
        for (int axis = 0; axis < shape.rank(); axis++) {
            output.writeVarInt(shape.dim(axis), true);
        }
    }

    static Shape readShape(Input input) {
        int[] dims = new int[readCount(input, 1)];
        require(dims.length <= MAX_RANK, "a shape of rank " + dims.length);
        for (int axis = 0; axis < dims.length; axis++) {
            dims[axis] = input.readVarInt(true);
        }
        return Shape.of(dims);
    }

    static void writeVector(Output output, FlatVector vector) {
        writeConstant(output, vector.precision());
        if (vector instanceof FlatVector.OfFloat floats) {
            writeFloats(output, floats.array());
        } else {
            writeDoubles(output, ((FlatVector.OfDouble) vector).array());
        }
    }

    static FlatVector readVector(Input input) {
        return switch (readConstant(input, Precision.values())) {
            case FLOAT -> new FlatVector.OfFloat(readFloats(input));
            case DOUBLE -> new FlatVector.OfDouble(readDoubles(input));
        };
    }

    /** Little-endian, through a buffer: Kryo's own loop writes the bytes one by one. */
    private static void writeFloats(Output output, float[] numbers) {
        writeCount(output, numbers.length);
        int perChunk = CHUNK / Float.BYTES;
        byte[] bytes = new byte[Math.min(numbers.length, perChunk) * Float.BYTES];
        FloatBuffer chunk = littleEndian(bytes, 0, bytes.length).asFloatBuffer();
        for (int from = 0; from < numbers.length; from += perChunk) {
            int count = Math.min(perChunk, numbers.length - from);
            chunk.clear().put(numbers, from, count);
            output.writeBytes(bytes, 0, count * Float.BYTES);
        }
    }

    static void writeDoubles(Output output, double[] numbers) {
        writeCount(output, numbers.length);
        int perChunk = CHUNK / Double.BYTES;
        byte[] bytes = new byte[Math.min(numbers.length, perChunk) * Double.BYTES];
        DoubleBuffer chunk = littleEndian(bytes, 0, bytes.length).asDoubleBuffer();
        for (int from = 0; from < numbers.length; from += perChunk) {
            int count = Math.min(perChunk, numbers.length - from);
            chunk.clear().put(numbers, from, count);
            output.writeBytes(bytes, 0, count * Double.BYTES);
        }
    }

    private static ByteBuffer littleEndian(byte[] bytes, int from, int count) {
        return ByteBuffer.wrap(bytes, from, count).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static float[] readFloats(Input input) {
        float[] numbers = new float[readCount(input, Float.BYTES)];
        bulk(input, numbers.length * Float.BYTES).asFloatBuffer().get(numbers);
        return numbers;
    }

    static double[] readDoubles(Input input) {
        double[] numbers = new double[readCount(input, Double.BYTES)];
        bulk(input, numbers.length * Double.BYTES).asDoubleBuffer().get(numbers);
        return numbers;
    }

    /** The next bytes of an input that holds its whole message, as a view. */
    private static ByteBuffer bulk(Input input, int bytes) {
        ByteBuffer numbers = littleEndian(input.getBuffer(), input.position(), bytes);
        input.setPosition(input.position() + bytes);
        return numbers;
    }

    static void require(boolean condition, String what) {
        if (!condition) {
            throw new ProtocolException("the message contains " + what);
        }
    }
}
