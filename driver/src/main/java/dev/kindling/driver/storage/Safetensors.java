package dev.kindling.driver.storage;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Encoder and decoder of Hugging Face's safetensors format: an unsigned little-endian 64-bit length, a JSON header of that
 * length, and the arrays' bytes, little-endian and row-major, without gaps. Writes F32 and F64; also reads the integer types
 * I32, I64 and U8, in which other programs store class labels. Files are smaller than 2 GiB.
 */
public final class Safetensors {
    /** The longest header that the reference implementation reads, in bytes. */
    private static final int MAX_HEADER = 100_000_000;

    private static final String METADATA = "__metadata__";
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** An array as declared in the header; begin and end are byte offsets from the end of the header. */
    private record DeclaredArray(String name, Kind kind, Shape shape, long begin, long end) {}

    private enum Kind {
        F32(4, Precision.FLOAT),
        F64(8, Precision.DOUBLE),
        I32(4, Precision.DOUBLE),
        I64(8, Precision.DOUBLE),
        U8(1, Precision.DOUBLE);

        private final int bytes;
        private final Precision precision;

        Kind(int bytes, Precision precision) {
            this.bytes = bytes;
            this.precision = precision;
        }

        private FlatVector read(ByteBuffer data, int count) {
            FlatVector values = FlatVector.zeros(precision, count);
            for (int i = 0; i < count; i++) {
                switch (this) {
                    case F32 -> values.set(i, data.getFloat());
                    case F64 -> values.set(i, data.getDouble());
                    case I32 -> values.set(i, data.getInt());
                    case I64 -> values.set(i, (double) data.getLong());
                    case U8 -> values.set(i, data.get() & 0xff);
                }
            }
            return values;
        }
    }

    private Safetensors() {}

    /** Encodes arrays, in the layout's order and the vector's precision. */
    public static byte[] encode(Layout layout, FlatVector values) {
        return encode(layout, values, Map.of());
    }

    /** Encodes arrays and metadata, text by key. Equal arguments give equal bytes. */
    public static byte[] encode(Layout layout, FlatVector values, Map<String, String> metadata) {
        byte[] header = header(layout, values.precision(), metadata);
        // Aligns the arrays, as the format requires: the header is padded with spaces to a multiple of 8 bytes.
        int padded = (header.length + 7) / 8 * 8;
        int size = Math.addExact(
                8 + padded, Math.multiplyExact(layout.size(), values.precision().bytes()));
        ByteBuffer file = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(padded).put(header);
        while (file.position() < 8 + padded) {
            file.put((byte) ' ');
        }
        for (int i = 0; i < layout.size(); i++) {
            switch (values.precision()) {
                case FLOAT -> file.putFloat((float) values.at(i));
                case DOUBLE -> file.putDouble(values.at(i));
            }
        }
        return file.array();
    }

    private static byte[] header(Layout layout, Precision precision, Map<String, String> metadata) {
        ObjectNode header = JSON.createObjectNode();
        if (!metadata.isEmpty()) {
            ObjectNode texts = header.putObject(METADATA);
            metadata.entrySet().stream()
                    .sorted(Map.Entry.comparingByKey())
                    .forEach(e -> texts.put(e.getKey(), e.getValue()));
        }
        for (Layout.Entry entry : layout.entries()) {
            ObjectNode array = header.putObject(entry.name());
            array.put("dtype", precision == Precision.FLOAT ? "F32" : "F64");
            array.set("shape", JSON.valueToTree(entry.shape().dims()));
            long begin = (long) entry.offset() * precision.bytes();
            array.putArray("data_offsets")
                    .add(begin)
                    .add(begin + (long) entry.shape().size() * precision.bytes());
        }
        try {
            return JSON.writeValueAsBytes(header);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Decodes a file.
     *
     * @param file its name, for messages
     * @throws BadDataException if the bytes are not a safetensors file of these types: the header is too long or not JSON, a
     *     type is unknown, a shape does not match its bytes, or arrays overlap, leave gaps or end outside the file
     */
    public static Tensors decode(byte[] bytes, String file) {
        if (bytes.length < 8) {
            throw bad(file, "has " + bytes.length + " bytes; the length of the header alone takes 8");
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long length = buffer.getLong();
        if (length < 2 || length > MAX_HEADER || length > bytes.length - 8) {
            throw bad(
                    file,
                    "announces a header of " + Long.toUnsignedString(length) + " bytes; it may have 2 to "
                            + Math.min(MAX_HEADER, bytes.length - 8));
        }
        JsonNode header = parse(bytes, (int) length, file);
        ByteBuffer data =
                buffer.slice(8 + (int) length, bytes.length - 8 - (int) length).order(ByteOrder.LITTLE_ENDIAN);
        Map<String, Tensors.Tensor> arrays = new LinkedHashMap<>();
        for (DeclaredArray array : byOffset(header, data.capacity(), file)) {
            arrays.put(
                    array.name(),
                    new Tensors.Tensor(
                            array.shape(), array.kind().read(data, array.shape().size())));
        }
        return new Tensors(file, arrays, metadata(header, file));
    }

    private static JsonNode parse(byte[] bytes, int length, String file) {
        if (bytes[8] != '{') {
            throw bad(file, "has a header that does not begin with {");
        }
        try {
            return JSON.readTree(new String(bytes, 8, length, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new BadDataException(file + " is not a safetensors file: its header is not a JSON object", e);
        }
    }

    /** The declared arrays by offset; BadDataException if they do not fill the file without gaps. */
    private static List<DeclaredArray> byOffset(JsonNode header, long size, String file) {
        List<DeclaredArray> arrays = new ArrayList<>();
        header.fields().forEachRemaining(field -> {
            if (!field.getKey().equals(METADATA)) {
                arrays.add(declared(field.getKey(), field.getValue(), file));
            }
        });
        arrays.sort(Comparator.comparingLong(DeclaredArray::begin));
        long end = 0;
        for (DeclaredArray array : arrays) {
            if (array.begin() != end) {
                throw bad(
                        file,
                        "places " + array.name() + " at byte " + array.begin() + "; it must begin at " + end
                                + ", where the array before it ends");
            }
            end = array.end();
        }
        if (end != size) {
            throw bad(file, "holds " + size + " bytes of arrays; its header announces " + end);
        }
        return arrays;
    }

    private static DeclaredArray declared(String name, JsonNode entry, String file) {
        String dtype = entry.path("dtype").asText("missing");
        Kind kind = Arrays.stream(Kind.values())
                .filter(candidate -> candidate.name().equals(dtype))
                .findFirst()
                .orElseThrow(() -> bad(
                        file, "holds " + name + " of type " + dtype + "; it must be one of " + List.of(Kind.values())));
        Shape shape = shape(name, entry.path("shape"), file);
        long[] offsets = integers(entry.path("data_offsets"));
        long bytes = (long) shape.size() * kind.bytes;
        if (offsets.length != 2 || offsets[1] - offsets[0] != bytes) {
            throw bad(
                    file,
                    "places " + name + " at " + entry.path("data_offsets") + "; " + shape + " of " + kind
                            + " needs a begin and an end " + bytes + " bytes later");
        }
        return new DeclaredArray(name, kind, shape, offsets[0], offsets[1]);
    }

    private static Shape shape(String name, JsonNode node, String file) {
        long[] extents = integers(node);
        if (!node.isArray() || extents.length != node.size()) {
            throw bad(file, "gives " + name + " the shape " + node + "; it must be a list of integers");
        }
        try {
            return Shape.of(Arrays.stream(extents).mapToInt(Math::toIntExact).toArray());
        } catch (ArithmeticException | IllegalArgumentException e) {
            throw new BadDataException(
                    file + " gives " + name + " the shape " + node + "; each extent must be at least 1 and all together"
                            + " at most " + Integer.MAX_VALUE,
                    e);
        }
    }

    /** The integers of a JSON list; empty if it is not a list or has a negative or non-integer element. */
    private static long[] integers(JsonNode node) {
        long[] numbers = new long[node.isArray() ? node.size() : 0];
        for (int i = 0; i < numbers.length; i++) {
            JsonNode number = node.get(i);
            if (!number.isIntegralNumber() || !number.canConvertToLong() || number.asLong() < 0) {
                return new long[0];
            }
            numbers[i] = number.asLong();
        }
        return numbers;
    }

    private static Map<String, String> metadata(JsonNode header, String file) {
        Map<String, String> metadata = new LinkedHashMap<>();
        header.path(METADATA).fields().forEachRemaining(field -> {
            if (!field.getValue().isTextual()) {
                throw bad(file, "has metadata " + field.getKey() + " that is not text");
            }
            metadata.put(field.getKey(), field.getValue().asText());
        });
        return metadata;
    }

    private static BadDataException bad(String file, String what) {
        return new BadDataException(file + " is not a safetensors file that can be used: it " + what);
    }
}
