package dev.kindling.driver.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
    private static final Layout LAYOUT = Layout.builder()
            .add("0_W", Shape.of(2, 3))
            .add("0_b", Shape.of(1, 2))
            .add("rate", Shape.scalar())
            .build();

    /** A file with the given header, followed by the given number of bytes. */
    private static byte[] file(String header, int dataBytes) {
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(8 + text.length + dataBytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(text.length)
                .put(text)
                .array();
    }

    @Test
    void aFileOfTheFormatsOwnLibraryIsRead() throws IOException {
        try (InputStream in = SafetensorsTest.class.getResourceAsStream("golden.safetensors")) {
            Tensors golden = Safetensors.decode(Objects.requireNonNull(in).readAllBytes(), "golden.safetensors");
            assertThat(golden.metadata()).isEqualTo(Map.of("made by", "golden.py"));
            assertThat(golden.arrays())
                    .containsOnlyKeys("0_W", "0_b", "scalar", "support.y", "small")
                    .containsEntry(
                            "0_W",
                            new Tensors.Tensor(
                                    Shape.of(2, 3), FlatVector.of(Precision.FLOAT, 1.5, -2.25, 3e-8, 0.1, 65504, -0.0)))
                    .containsEntry(
                            "0_b", new Tensors.Tensor(Shape.of(1, 2), FlatVector.of(Precision.DOUBLE, 0.1, -1e300)))
                    .containsEntry("scalar", new Tensors.Tensor(Shape.scalar(), FlatVector.of(Precision.DOUBLE, 7.5)))
                    .containsEntry(
                            "support.y",
                            new Tensors.Tensor(Shape.of(5), FlatVector.of(Precision.DOUBLE, 4, 0, 2, 1, 3)))
                    .containsEntry("small", new Tensors.Tensor(Shape.of(2), FlatVector.of(Precision.DOUBLE, 200, 1)));
        }
    }

    @Test
    void theBytesOfAFileFollowTheSpecification() {
        byte[] bytes = Safetensors.encode(
                Layout.builder().add("a", Shape.of(1)).add("b", Shape.of(1)).build(),
                FlatVector.of(Precision.FLOAT, 1, -2),
                Map.of("updates", "3"));
        String header =
                "{\"__metadata__\":{\"updates\":\"3\"},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
                        + "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}";
        int padded = 144;
        assertThat(header.length()).isBetween(padded - 7, padded);
        ByteBuffer expected = ByteBuffer.allocate(8 + padded + 8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(padded);
        expected.put((header + " ".repeat(padded - header.length())).getBytes(StandardCharsets.UTF_8));
        expected.putInt(0x3f800000).putInt(0xc0000000);
        assertThat(bytes).isEqualTo(expected.array());
    }

    @Test
    void everyBitSurvivesInBothPrecisions() {
        for (Precision precision : Precision.values()) {
            RandomStream stream = RandomStream.of(3);
            FlatVector values = FlatVector.zeros(precision, LAYOUT.size());
            for (int i = 0; i < values.size(); i++) {
                values.set(i, stream.nextNormal());
            }
            values.set(4, Double.NEGATIVE_INFINITY);
            values.set(5, Double.NaN);
            Tensors read = Safetensors.decode(Safetensors.encode(LAYOUT, values), "theta");
            assertThat(read.layout()).isEqualTo(LAYOUT);
            assertThat(read.flat(LAYOUT, precision)).isEqualTo(values);
        }
    }

    @Test
    void theOrderInTheFileDoesNotMatterButNamesAndShapesDo() {
        Layout reordered =
                Layout.builder().add("b", Shape.of(1)).add("a", Shape.of(2)).build();
        Layout expected =
                Layout.builder().add("a", Shape.of(2)).add("b", Shape.of(1)).build();
        Tensors read =
                Safetensors.decode(Safetensors.encode(reordered, FlatVector.of(Precision.DOUBLE, 3, 1, 2)), "theta");
        assertThat(read.flat(expected, Precision.FLOAT)).isEqualTo(FlatVector.of(Precision.FLOAT, 1, 2, 3));
        assertThatThrownBy(
                        () -> read.flat(Layout.builder().add("c", Shape.of(1)).build(), Precision.FLOAT))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("theta holds no array c");
        assertThatThrownBy(
                        () -> read.flat(Layout.builder().add("a", Shape.of(2)).build(), Precision.FLOAT))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("[b]");
        assertThatThrownBy(() ->
                        read.flat(Layout.builder().add("a", Shape.of(1, 2)).build(), Precision.FLOAT))
                .isInstanceOf(BadDataException.class)
                .hasMessage("theta holds a of shape [2]; it must be of shape [1, 2]");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}                                                           | 2 | of type F16
            {"a":{"shape":[1],"data_offsets":[0,4]}}                                                                         | 4 | of type missing
            {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}                                                           | 4 | needs a begin and an end 8 bytes later
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}                                                           | 4 | needs a begin and an end
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}                                                          | 4 | needs a begin and an end
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}                                                           | 3 | holds 3 bytes of arrays
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}                                                           | 8 | holds 8 bytes of arrays
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}                                                           | 8 | must begin at 0
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}      | 4 | must begin at 4
            {"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}                                                         | 4 | list of integers
            {"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}                                                           | 0 | at least 1
            {"a":{"dtype":"F32","shape":[65536,65536],"data_offsets":[0,17179869184]}}                                       | 0 | at most 2147483647
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}      | 4 | not a JSON object
            {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}                                                            | 4 | not a JSON object
            {"__metadata__":{"k":1}}                                                                                         | 0 | metadata k
            {"a":7}                                                                                                          | 0 | of type missing
            []                                                                                                               | 0 | does not begin with {
            """)
    void aFileThatContradictsItselfIsRefusedByName(String header, int dataBytes, String why) {
        assertThatThrownBy(() -> Safetensors.decode(file(header, dataBytes), "t.safetensors"))
                .isInstanceOf(BadDataException.class)
                .hasMessageStartingWith("t.safetensors ")
                .hasMessageContaining(why);
    }

    @Test
    void aHeaderLongerThanTheFileIsRefused() {
        assertThatThrownBy(() -> Safetensors.decode(new byte[5], "t")).hasMessageContaining("has 5 bytes");
        for (long length : new long[] {0, 3, 100_000_001, Long.MAX_VALUE, -1}) {
            byte[] bytes = ByteBuffer.allocate(10)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(length)
                    .array();
            assertThatThrownBy(() -> Safetensors.decode(bytes, "t"))
                    .isInstanceOf(BadDataException.class)
                    .hasMessageContaining("announces a header of " + Long.toUnsignedString(length) + " bytes");
        }
    }
}
