package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataBuffer;

/** The kernels of constants and of ops that only move elements, each a copy between strided arrays. */
final class DataMovement {
    private DataMovement() {}

    static void constant(OpRecorder recorder, Instruction.Call call) {
        recorder.fill(recorder.views().flat(call.result()), call.value().number());
    }

    static void iota(OpRecorder recorder, Instruction.Call call) {
        DataBuffer buffer = recorder.views().buffer(call.result());
        int count = call.value().count();
        recorder.add(active -> {
            for (int i = 0; i < count; i++) {
                buffer.put(i, (double) i);
            }
        });
    }

    /** Axes of extent 1 and missing leading axes are read with stride 0. */
    static void broadcast(OpRecorder recorder, Instruction.Call call) {
        Shape from = call.value().arg(0).shape();
        int[] strides = from.strides();
        int missing = call.value().shape().rank() - from.rank();
        long[] read = new long[call.value().shape().rank()];
        for (int axis = 0; axis < from.rank(); axis++) {
            read[axis + missing] = from.dim(axis) == 1 ? 0 : strides[axis];
        }
        fromStrided(recorder, call, read, 0);
    }

    static void transpose(OpRecorder recorder, Instruction.Call call) {
        List<Integer> axes = ((Attributes.Axes) call.value().attributes()).axes();
        int[] strides = call.value().arg(0).shape().strides();
        fromStrided(
                recorder, call, axes.stream().mapToLong(axis -> strides[axis]).toArray(), 0);
    }

    static void slice(OpRecorder recorder, Instruction.Call call) {
        Attributes.Range range = (Attributes.Range) call.value().attributes();
        int[] strides = call.value().arg(0).shape().strides();
        fromStrided(recorder, call, Strided.longs(strides), (long) range.begin() * strides[range.axis()]);
    }

    static void pad(OpRecorder recorder, Instruction.Call call) {
        Attributes.Range range = (Attributes.Range) call.value().attributes();
        recorder.fill(recorder.views().flat(call.result()), 0);
        into(recorder, call, 0, range.axis(), range.begin());
    }

    static void concat(OpRecorder recorder, Instruction.Call call) {
        int axis = ((Attributes.Range) call.value().attributes()).axis();
        int begin = 0;
        for (int i = 0; i < call.args().size(); i++) {
            into(recorder, call, i, axis, begin);
            begin += call.value().arg(i).shape().dim(axis);
        }
    }

    private static void fromStrided(OpRecorder recorder, Instruction.Call call, long[] strides, long offset) {
        BufferViews views = recorder.views();
        TensorView arg = call.arg(0);
        long[] extents = Strided.longs(call.value().shape().dims());
        recorder.copy(
                views.view(arg, Strided.of(views.tasks(arg), arg.size(), extents, strides, offset)),
                views.array(call.result(), extents));
    }

    /** Copies an argument into the part of the result that begins at an index of one axis. */
    private static void into(OpRecorder recorder, Instruction.Call call, int index, int axis, int begin) {
        BufferViews views = recorder.views();
        TensorView arg = call.arg(index);
        TensorView result = call.result();
        long[] extents = Strided.longs(call.value().arg(index).shape().dims());
        int[] strides = call.value().shape().strides();
        recorder.copy(
                views.array(arg, extents),
                views.view(
                        result,
                        Strided.of(
                                views.tasks(result),
                                result.size(),
                                extents,
                                Strided.longs(strides),
                                (long) begin * strides[axis])));
    }
}
