package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataBuffer;

/** The ops that only move numbers: one copy each, between arrays with the right strides. */
final class Moves {
    private Moves() {}

    static void constant(Script script, Instruction.Call call) {
        script.fill(script.frame().flat(call.result()), call.value().number());
    }

    static void iota(Script script, Instruction.Call call) {
        DataBuffer buffer = script.frame().buffer(call.result());
        int count = call.value().count();
        script.add(active -> {
            for (int i = 0; i < count; i++) {
                buffer.put(i, (double) i);
            }
        });
    }

    /** Axes of extent 1, or missing in front, are read with stride 0. */
    static void broadcast(Script script, Instruction.Call call) {
        Shape from = call.value().arg(0).shape();
        int[] strides = from.strides();
        int missing = call.value().shape().rank() - from.rank();
        long[] read = new long[call.value().shape().rank()];
        for (int axis = 0; axis < from.rank(); axis++) {
            read[axis + missing] = from.dim(axis) == 1 ? 0 : strides[axis];
        }
        fromStrided(script, call, read, 0);
    }

    static void transpose(Script script, Instruction.Call call) {
        List<Integer> axes = ((Attributes.Axes) call.value().attributes()).axes();
        int[] strides = call.value().arg(0).shape().strides();
        fromStrided(script, call, axes.stream().mapToLong(axis -> strides[axis]).toArray(), 0);
    }

    static void slice(Script script, Instruction.Call call) {
        Attributes.Range range = (Attributes.Range) call.value().attributes();
        int[] strides = call.value().arg(0).shape().strides();
        fromStrided(script, call, Strided.longs(strides), (long) range.begin() * strides[range.axis()]);
    }

    static void pad(Script script, Instruction.Call call) {
        Attributes.Range range = (Attributes.Range) call.value().attributes();
        script.fill(script.frame().flat(call.result()), 0);
        into(script, call, 0, range.axis(), range.begin());
    }

    static void concat(Script script, Instruction.Call call) {
        int axis = ((Attributes.Range) call.value().attributes()).axis();
        int begin = 0;
        for (int i = 0; i < call.args().size(); i++) {
            into(script, call, i, axis, begin);
            begin += call.value().arg(i).shape().dim(axis);
        }
    }

    private static void fromStrided(Script script, Instruction.Call call, long[] strides, long offset) {
        Frame frame = script.frame();
        Place arg = call.arg(0);
        long[] extents = Strided.longs(call.value().shape().dims());
        script.copy(
                frame.view(arg, Strided.of(frame.tasks(arg), arg.size(), extents, strides, offset)),
                frame.array(call.result(), extents));
    }

    /** Copies an argument into a part of the result that begins at an index of one axis. */
    private static void into(Script script, Instruction.Call call, int index, int axis, int begin) {
        Frame frame = script.frame();
        Place arg = call.arg(index);
        Place result = call.result();
        long[] extents = Strided.longs(call.value().arg(index).shape().dims());
        int[] strides = call.value().shape().strides();
        script.copy(
                frame.array(arg, extents),
                frame.view(
                        result,
                        Strided.of(
                                frame.tasks(result),
                                result.size(),
                                extents,
                                Strided.longs(strides),
                                (long) begin * strides[axis])));
    }
}
