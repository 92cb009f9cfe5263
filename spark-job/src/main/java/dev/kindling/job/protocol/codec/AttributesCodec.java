package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** The encoding of an op's attributes: a byte for their type, then their components. */
final class AttributesCodec {
    private interface Writer {
        void write(Output output, Attributes attributes);
    }

    private interface Reader {
        Attributes read(Input input);
    }

    /** One type of attributes; its index in the list is its byte. */
    private record Row(Class<? extends Attributes> type, Writer writer, Reader reader) {}

    private final List<Row> rows;

    AttributesCodec(ProgramSerializer programs) {
        rows = List.of(
                new Row(Attributes.None.class, (output, none) -> {}, input -> new Attributes.None()),
                new Row(
                        Attributes.Named.class,
                        (output, named) -> WireFormat.writeText(output, ((Attributes.Named) named).name()),
                        input -> new Attributes.Named(WireFormat.readText(input))),
                new Row(
                        Attributes.Number.class,
                        (output, number) ->
                                output.writeLong(Double.doubleToRawLongBits(((Attributes.Number) number).value())),
                        input -> new Attributes.Number(Double.longBitsToDouble(input.readLong()))),
                new Row(Attributes.Product.class, AttributesCodec::writeProduct, AttributesCodec::readProduct),
                new Row(
                        Attributes.To.class,
                        (output, to) -> WireFormat.writeShape(output, ((Attributes.To) to).shape()),
                        input -> new Attributes.To(WireFormat.readShape(input))),
                new Row(Attributes.Axes.class, AttributesCodec::writeAxes, AttributesCodec::readAxes),
                new Row(
                        Attributes.Count.class,
                        (output, count) -> WireFormat.writeCount(output, ((Attributes.Count) count).count()),
                        input -> new Attributes.Count(WireFormat.readIndex(input))),
                new Row(Attributes.Range.class, AttributesCodec::writeRange, AttributesCodec::readRange),
                new Row(
                        Attributes.Loop.class,
                        (output, loop) -> writeLoop(programs, output, (Attributes.Loop) loop),
                        input -> readLoop(programs, input)),
                new Row(Window.class, AttributesCodec::writeWindow, AttributesCodec::readWindow));
    }

    void write(Output output, Attributes attributes) {
        for (int tag = 0; tag < rows.size(); tag++) {
            if (rows.get(tag).type() == attributes.getClass()) {
                output.writeByte(tag);
                rows.get(tag).writer().write(output, attributes);
                return;
            }
        }
        throw new ProtocolException("attributes " + attributes.getClass().getSimpleName() + " have no encoding");
    }

    Attributes read(Input input) {
        int tag = input.readByteUnsigned();
        WireFormat.require(tag < rows.size(), "attributes of type " + tag);
        return rows.get(tag).reader().read(input);
    }

    private static void writeProduct(Output output, Attributes attributes) {
        Attributes.Product product = (Attributes.Product) attributes;
        WireFormat.writeFlag(output, product.leftTransposed());
        WireFormat.writeFlag(output, product.rightTransposed());
    }

    private static Attributes readProduct(Input input) {
        boolean leftTransposed = WireFormat.readFlag(input);
        return new Attributes.Product(leftTransposed, WireFormat.readFlag(input));
    }

    private static void writeAxes(Output output, Attributes attributes) {
        List<Integer> axes = ((Attributes.Axes) attributes).axes();
        WireFormat.writeCount(output, axes.size());
        axes.forEach(axis -> output.writeVarInt(axis, true));
    }

    private static Attributes readAxes(Input input) {
        int count = WireFormat.readCount(input, 1);
        List<Integer> axes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            axes.add(input.readVarInt(true));
        }
        return new Attributes.Axes(axes);
    }

    private static void writeRange(Output output, Attributes attributes) {
        Attributes.Range range = (Attributes.Range) attributes;
        output.writeVarInt(range.axis(), true);
        output.writeVarInt(range.begin(), true);
        output.writeVarInt(range.end(), true);
    }

    private static Attributes readRange(Input input) {
        int axis = input.readVarInt(true);
        int begin = input.readVarInt(true);
        return new Attributes.Range(axis, begin, input.readVarInt(true));
    }

    private static void writeWindow(Output output, Attributes attributes) {
        Window window = (Window) attributes;
        IntStream.of(
                        window.height(),
                        window.width(),
                        window.kernelHeight(),
                        window.kernelWidth(),
                        window.rowStride(),
                        window.columnStride(),
                        window.top(),
                        window.left(),
                        window.outHeight(),
                        window.outWidth())
                .forEach(number -> output.writeVarInt(number, true));
    }

    private static Attributes readWindow(Input input) {
        int[] numbers = new int[10];
        Arrays.setAll(numbers, any -> input.readVarInt(true));
        return new Window(
                numbers[0],
                numbers[1],
                numbers[2],
                numbers[3],
                numbers[4],
                numbers[5],
                numbers[6],
                numbers[7],
                numbers[8],
                numbers[9]);
    }

    private static void writeLoop(ProgramSerializer programs, Output output, Attributes.Loop loop) {
        programs.write(output, loop.step());
        WireFormat.writeCount(output, loop.capacity());
        WireFormat.writeFlag(output, loop.backwards());
        WireFormat.writeCount(output, loop.carries());
        WireFormat.writeCount(output, loop.perStep());
        WireFormat.writeCount(output, loop.stacked());
        WireFormat.writeFlag(output, loop.stops());
    }

    private static Attributes readLoop(ProgramSerializer programs, Input input) {
        var step = programs.read(input);
        int capacity = WireFormat.readIndex(input);
        boolean backwards = WireFormat.readFlag(input);
        int carries = WireFormat.readIndex(input);
        int perStep = WireFormat.readIndex(input);
        int stacked = WireFormat.readIndex(input);
        return new Attributes.Loop(step, capacity, backwards, carries, perStep, stacked, WireFormat.readFlag(input));
    }
}
