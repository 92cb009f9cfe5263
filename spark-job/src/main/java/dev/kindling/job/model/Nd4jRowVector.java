package dev.kindling.job.model;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;

/**
 * Reads a row vector that ND4J wrote ({@code Nd4j.write}), number by number. The stream has two buffers, each preceded by its
 * allocation mode, length and type, all numbers big-endian: the shape information (rank, extents, strides, options, element
 * stride, order) as LONG, then the elements as FLOAT or DOUBLE.
 *
 * <p>ND4J's own reader does not check lengths and strides, and reads outside of its memory if they are wrong. This reader
 * accepts only the shape information of a dense vector of the expected length.
 */
final class Nd4jRowVector {
    /** Written since 1.0.0-alpha and 1.0.0-beta4; older modes occur only with configurations that are not supported. */
    private static final List<String> MODES = List.of("LONG_SHAPE", "MIXED_DATA_TYPES");

    /** The number of words of the shape information that are not extents or strides. */
    private static final int OTHER_WORDS = 4;

    /** An element type and its bit in the options. */
    private enum Type {
        FLOAT(1 << 13),
        DOUBLE(1 << 14);

        private final long option;

        Type(long option) {
            this.option = option;
        }
    }

    /** The header of a buffer. */
    private record Header(long length, String type) {}

    private final DataInputStream in;
    private final Type type;

    private Nd4jRowVector(DataInputStream in, Type type) {
        this.in = in;
        this.type = type;
    }

    /**
     * Reads everything before the elements.
     *
     * @param count the expected number of elements
     * @throws IOException describing the problem; EOFException if the stream ends before the elements
     */
    static Nd4jRowVector open(InputStream stream, long count) throws IOException {
        DataInputStream in = new DataInputStream(stream);
        long[] shape = shape(in);
        Header header = header(in);
        Type type = Arrays.stream(Type.values())
                .filter(known -> known.name().equals(header.type()))
                .findFirst()
                .orElseThrow(() -> new IOException("its numbers are of type " + NetworkFile.shown(header.type())
                        + "; they must be FLOAT or DOUBLE"));
        if (header.length() != count) {
            throw new IOException("it holds " + header.length() + " weights; its configuration needs " + count);
        }
        requireDense(shape, count, type);
        return new Nd4jRowVector(in, type);
    }

    private static Header header(DataInputStream in) throws IOException {
        String mode = in.readUTF();
        if (!MODES.contains(mode)) {
            throw new IOException("a buffer has the allocation mode " + NetworkFile.shown(mode) + "; it must be one of "
                    + String.join(", ", MODES));
        }
        return new Header(in.readLong(), in.readUTF());
    }

    private static long[] shape(DataInputStream in) throws IOException {
        Header header = header(in);
        if (!header.type().equals("LONG") || (header.length() != words(1) && header.length() != words(2))) {
            throw new IOException("its shape is " + header.length() + " numbers of type "
                    + NetworkFile.shown(header.type()) + "; it must be that of a vector, " + words(1) + " or "
                    + words(2) + " of type LONG");
        }
        long[] shape = new long[(int) header.length()];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = in.readLong();
        }
        if (shape.length != words(shape[0])) {
            throw new IOException("its shape has " + shape.length + " numbers and rank " + shape[0]);
        }
        return shape;
    }

    private static long words(long rank) {
        return OTHER_WORDS + 2 * rank;
    }

    /** Refuses shape information that is not dense. A vector of one element, and an axis of extent 1, may have any stride. */
    private static void requireDense(long[] shape, long count, Type type) throws IOException {
        int rank = (int) shape[0];
        boolean row = shape[rank] == count && (rank == 1 || shape[1] == 1);
        boolean dense = count == 1 || shape[2 * rank] == 1;
        long options = shape[shape.length - 3];
        boolean typed = options == 0 || options == type.option;
        boolean adjacent = shape[shape.length - 2] == 1;
        long order = shape[shape.length - 1];
        if (!(row && dense && typed && adjacent && (order == 'c' || order == 'f'))) {
            throw new IOException("its shape information is " + Arrays.toString(shape)
                    + "; it must be that of a dense row of " + count + " numbers of type " + type);
        }
    }

    /** The next number; EOFException if there are no more. */
    double next() throws IOException {
        return type == Type.FLOAT ? in.readFloat() : in.readDouble();
    }
}
