package dev.kindling.job.model;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;

/**
 * Reads a row vector that ND4J wrote ({@code Nd4j.write}), number after number. The stream has two buffers, each with its
 * allocation mode, length and type in front, all numbers big-endian: the shape information (rank, extents, strides, options,
 * distance of neighbours, order) as LONG, then the elements as FLOAT or DOUBLE.
 *
 * <p>ND4J's own reader believes lengths and strides, and so reads outside of its memory where they are wrong. Here everything
 * in front of the first element must say what the caller expects, a dense vector of so many numbers.
 */
final class Nd4jRowVector {
    /** Since 1.0.0-alpha the first, since 1.0.0-beta4 the second; older ones come with configurations that are not read. */
    private static final List<String> MODES = List.of("LONG_SHAPE", "MIXED_DATA_TYPES");

    /** The words of the shape information that are no extents or strides. */
    private static final int OTHER_WORDS = 4;

    /** The types of elements, and the bit of the options that names each. */
    private enum Type {
        FLOAT(1 << 13),
        DOUBLE(1 << 14);

        private final long option;

        Type(long option) {
            this.option = option;
        }
    }

    /** What stands in front of a buffer. */
    private record Header(long length, String type) {}

    private final DataInputStream in;
    private final Type type;

    private Nd4jRowVector(DataInputStream in, Type type) {
        this.in = in;
        this.type = type;
    }

    /**
     * Reads what stands in front of the elements.
     *
     * @param count of elements that there must be
     * @throws IOException with what is wrong; EOFException if the stream ends before the elements
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
            throw new IOException("it holds " + header.length() + " weights; its configuration asks for " + count);
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

    /** Of one element, and along an axis of one, any stride is dense. */
    private static void requireDense(long[] shape, long count, Type type) throws IOException {
        int rank = (int) shape[0];
        boolean row = shape[rank] == count && (rank == 1 || shape[1] == 1);
        boolean dense = count == 1 || shape[2 * rank] == 1;
        long options = shape[shape.length - 3];
        boolean typed = options == 0 || options == type.option;
        boolean close = shape[shape.length - 2] == 1;
        long order = shape[shape.length - 1];
        if (!(row && dense && typed && close && (order == 'c' || order == 'f'))) {
            throw new IOException("its shape information is " + Arrays.toString(shape)
                    + "; it must be that of a dense row of " + count + " numbers of type " + type);
        }
    }

    /** The next number; EOFException if there are no more. */
    double next() throws IOException {
        return type == Type.FLOAT ? in.readFloat() : in.readDouble();
    }
}
