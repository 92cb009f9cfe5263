package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarReverseSubtraction;
import org.nd4j.linalg.api.ops.impl.scalar.comparison.ScalarEquals;

/**
 * The kernels of POOL_GATHER and POOL_SCATTER. ND4J's pooling specifies neither which of equal maxima is selected nor the
 * treatment of NaNs, so the taps of the window are compared in row-major order, with about ten kernel calls for each,
 * tracking the index of the best tap.
 */
final class MaxPooling {
    /** Number of scratch arrays of padded images. */
    private static final int PADDED = 2;

    /** Number of scratch arrays with one element per output. */
    private static final int DENSE = 6;

    private MaxPooling() {}

    /**
     * The scratch arrays of both ops.
     *
     * @param which index of the tap with the first maximum
     * @param best value of that tap
     * @param tap a dense copy of a tap
     * @param firsts for each tap a mask of the windows in which it is the first inside the image
     */
    private record PoolingScratch(
            TensorView which,
            TensorView best,
            TensorView mask,
            TensorView one,
            TensorView two,
            TensorView tap,
            TensorView booleans,
            List<TensorView> padded,
            TensorView firsts) {
        static List<Nd4jKernels.Scratch> required(WindowView windowView, TaskAxis axis) {
            int outputs = windowView.outputSize();
            List<Nd4jKernels.Scratch> scratch = new ArrayList<>();
            for (int i = 0; i < DENSE; i++) {
                scratch.add(Nd4jKernels.Scratch.floats(axis, outputs));
            }
            scratch.add(Nd4jKernels.Scratch.booleans(axis, outputs));
            if (windowView.needsPadding()) {
                Window w = windowView.window();
                for (int i = 0; i < PADDED; i++) {
                    scratch.add(Nd4jKernels.Scratch.floats(axis, windowView.paddedSize()));
                }
                scratch.add(Nd4jKernels.Scratch.floats(TaskAxis.ONE, w.area() * w.outHeight() * w.outWidth()));
            }
            return scratch;
        }

        static PoolingScratch of(Instruction.Call call) {
            List<TensorView> s = call.scratch();
            boolean padded = s.size() > DENSE + 1;
            return new PoolingScratch(
                    s.get(0),
                    s.get(1),
                    s.get(2),
                    s.get(3),
                    s.get(4),
                    s.get(5),
                    s.get(DENSE),
                    padded ? s.subList(DENSE + 1, DENSE + 1 + PADDED) : List.of(),
                    padded ? s.get(DENSE + 1 + PADDED) : s.get(0));
        }

        TensorView padded(int index, TensorView unpadded) {
            return padded.isEmpty() ? unpadded : padded.get(index);
        }
    }

    private static WindowView over(Value value) {
        return WindowView.over(value, value.arg(0).shape());
    }

    /** Computes the tap index of each window's first maximum; a NaN compares as greater than every number. */
    private static void findMaxima(
            OpRecorder recorder, WindowView windowView, TensorView images, PoolingScratch scratch) {
        BufferViews views = recorder.views();
        TensorView padded = windowView.padded(recorder, images, scratch.padded(0, images), Double.NEGATIVE_INFINITY);
        INDArray which = windowView.outputs(views, scratch.which());
        INDArray best = windowView.outputs(views, scratch.best());
        INDArray mask = windowView.outputs(views, scratch.mask());
        INDArray one = windowView.outputs(views, scratch.one());
        INDArray two = windowView.outputs(views, scratch.two());
        INDArray booleans = windowView.outputs(views, scratch.booleans());
        if (windowView.needsPadding()) {
            recorder.add(active -> writeFirsts(views.buffer(scratch.firsts()), windowView.window()));
        }
        recorder.fill(which, 0);
        recorder.copy(windowView.tap(views, padded, 0), best);
        for (int tap = 1; tap < windowView.window().area(); tap++) {
            INDArray next = windowView.denseTap(recorder, padded, tap, scratch.tap());
            recorder.exec("greater", booleans, List.of(next, best));
            recorder.copy(booleans, mask);
            recorder.exec("not_equals", booleans, List.of(next, next));
            recorder.copy(booleans, one);
            recorder.exec("equals", booleans, List.of(best, best));
            recorder.copy(booleans, two);
            recorder.exec("multiply", one, List.of(one, two));
            recorder.exec("maximum", mask, List.of(mask, one));
            if (windowView.needsPadding()) {
                recorder.exec("maximum", mask, List.of(mask, first(views, scratch.firsts(), windowView.window(), tap)));
            }
            recorder.exec(new ScalarReverseSubtraction(which, null, one, tap));
            recorder.exec("multiply", one, List.of(one, mask));
            MaskedBlend.add(recorder, which, one, which);
            MaskedBlend.mask(recorder, mask, next, one);
            recorder.exec(new ScalarReverseSubtraction(mask, null, mask, 1));
            MaskedBlend.mask(recorder, mask, best, two);
            MaskedBlend.add(recorder, one, two, best);
        }
    }

    /** The first tap inside the image is the best so far even if its value is not greater than the padding. */
    private static void writeFirsts(DataBuffer firsts, Window w) {
        int outputs = w.outHeight() * w.outWidth();
        for (int out = 0; out < outputs; out++) {
            boolean found = false;
            for (int tap = 0; tap < w.area(); tap++) {
                int row = out / w.outWidth() * w.rowStride() - w.top() + tap / w.kernelWidth();
                int column = out % w.outWidth() * w.columnStride() - w.left() + tap % w.kernelWidth();
                boolean inside = row >= 0 && row < w.height() && column >= 0 && column < w.width();
                firsts.put((long) tap * outputs + out, inside && !found ? 1.0 : 0.0);
                found |= inside;
            }
        }
    }

    private static INDArray first(BufferViews views, TensorView firsts, Window w, int tap) {
        long[] extents = {1, w.outHeight(), w.outWidth(), 1};
        long[] strides = {(long) w.outHeight() * w.outWidth(), w.outWidth(), 1, 1};
        return views.view(firsts, new Strided(extents, strides, tap * strides[0]));
    }

    /** Computes the mask of the windows whose first maximum is a given tap. */
    private static void maskOfTap(OpRecorder recorder, WindowView windowView, PoolingScratch scratch, int tap) {
        BufferViews views = recorder.views();
        INDArray booleans = windowView.outputs(views, scratch.booleans());
        recorder.exec(new ScalarEquals(windowView.outputs(views, scratch.which()), booleans, tap));
        recorder.copy(booleans, windowView.outputs(views, scratch.mask()));
    }

    /** POOL_GATHER. */
    static final class Gather implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            return PoolingScratch.required(over(value), axis);
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BufferViews views = recorder.views();
            WindowView windowView = over(call.value());
            PoolingScratch scratch = PoolingScratch.of(call);
            findMaxima(recorder, windowView, call.arg(0), scratch);
            TensorView source = windowView.padded(recorder, call.arg(1), scratch.padded(1, call.arg(1)), 0);
            INDArray one = windowView.outputs(views, scratch.one());
            INDArray result = windowView.outputs(views, call.result());
            recorder.fill(result, 0);
            for (int tap = 0; tap < windowView.window().area(); tap++) {
                maskOfTap(recorder, windowView, scratch, tap);
                INDArray values = windowView.denseTap(recorder, source, tap, scratch.tap());
                MaskedBlend.mask(recorder, windowView.outputs(views, scratch.mask()), values, one);
                MaskedBlend.add(recorder, result, one, result);
            }
        }
    }

    /** POOL_SCATTER. */
    static final class Scatter implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            return PoolingScratch.required(over(value), axis);
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BufferViews views = recorder.views();
            WindowView windowView = over(call.value());
            PoolingScratch scratch = PoolingScratch.of(call);
            findMaxima(recorder, windowView, call.arg(0), scratch);
            TensorView sum = scratch.padded(1, call.result());
            INDArray one = windowView.outputs(views, scratch.one());
            INDArray cotangent = windowView.outputs(views, call.arg(1));
            recorder.fill(views.flat(sum), 0);
            for (int tap = 0; tap < windowView.window().area(); tap++) {
                maskOfTap(recorder, windowView, scratch, tap);
                MaskedBlend.mask(recorder, windowView.outputs(views, scratch.mask()), cotangent, one);
                windowView.addToTap(recorder, sum, tap, one, scratch.tap());
            }
            windowView.crop(recorder, sum, call.result());
        }
    }
}
