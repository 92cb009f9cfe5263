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
 * Picking by maxima. ND4J's pooling knows neither which maximum comes first nor NaNs: here the taps of the window are gone
 * through in row-major order, some ten kernels for each, while the number of the best so far is kept.
 */
final class MaxPooling {
    private static final int FRAMED = 2;
    private static final int DENSE = 6;

    private MaxPooling() {}

    /**
     * The scratch of both ops.
     *
     * @param which number of the tap that holds the first maximum
     * @param firsts for each tap, where it is the first inside the image
     */
    private record Scratch(
            TensorView which,
            TensorView best,
            TensorView mask,
            TensorView one,
            TensorView two,
            TensorView seen,
            TensorView truths,
            List<TensorView> framed,
            TensorView firsts) {
        static List<Nd4jKernels.Need> needs(WindowView windowView, TaskAxis axis) {
            int outputs = windowView.outputSize();
            List<Nd4jKernels.Need> needs = new ArrayList<>();
            for (int i = 0; i < DENSE; i++) {
                needs.add(Nd4jKernels.Need.numbers(axis, outputs));
            }
            needs.add(Nd4jKernels.Need.truths(axis, outputs));
            if (windowView.framed()) {
                Window w = windowView.window();
                for (int i = 0; i < FRAMED; i++) {
                    needs.add(Nd4jKernels.Need.numbers(axis, windowView.framedSize()));
                }
                needs.add(Nd4jKernels.Need.numbers(TaskAxis.ONE, w.area() * w.outHeight() * w.outWidth()));
            }
            return needs;
        }

        static Scratch of(Instruction.Call call) {
            List<TensorView> s = call.scratch();
            boolean framed = s.size() > DENSE + 1;
            return new Scratch(
                    s.get(0),
                    s.get(1),
                    s.get(2),
                    s.get(3),
                    s.get(4),
                    s.get(5),
                    s.get(DENSE),
                    framed ? s.subList(DENSE + 1, DENSE + 1 + FRAMED) : List.of(),
                    framed ? s.get(DENSE + 1 + FRAMED) : s.get(0));
        }

        TensorView framed(int index, TensorView otherwise) {
            return framed.isEmpty() ? otherwise : framed.get(index);
        }
    }

    private static WindowView over(Value value) {
        return WindowView.over(value, value.arg(0).shape());
    }

    /** Writes the number of the tap that holds the first maximum of each window; a NaN is greater than every number. */
    private static void findMaxima(OpRecorder recorder, WindowView windowView, TensorView images, Scratch scratch) {
        BufferViews bufferViews = recorder.frame();
        TensorView framed = windowView.framed(recorder, images, scratch.framed(0, images), Double.NEGATIVE_INFINITY);
        INDArray which = windowView.outputs(bufferViews, scratch.which());
        INDArray best = windowView.outputs(bufferViews, scratch.best());
        INDArray mask = windowView.outputs(bufferViews, scratch.mask());
        INDArray one = windowView.outputs(bufferViews, scratch.one());
        INDArray two = windowView.outputs(bufferViews, scratch.two());
        INDArray truths = windowView.outputs(bufferViews, scratch.truths());
        if (windowView.framed()) {
            recorder.add(active -> writeFirsts(bufferViews.buffer(scratch.firsts()), windowView.window()));
        }
        recorder.fill(which, 0);
        recorder.copy(windowView.tap(bufferViews, framed, 0), best);
        for (int tap = 1; tap < windowView.window().area(); tap++) {
            INDArray next = windowView.seen(recorder, framed, tap, scratch.seen());
            recorder.exec("greater", truths, List.of(next, best));
            recorder.copy(truths, mask);
            recorder.exec("not_equals", truths, List.of(next, next));
            recorder.copy(truths, one);
            recorder.exec("equals", truths, List.of(best, best));
            recorder.copy(truths, two);
            recorder.exec("multiply", one, List.of(one, two));
            recorder.exec("maximum", mask, List.of(mask, one));
            if (windowView.framed()) {
                recorder.exec(
                        "maximum", mask, List.of(mask, first(bufferViews, scratch.firsts(), windowView.window(), tap)));
            }
            recorder.exec(new ScalarReverseSubtraction(which, null, one, tap));
            recorder.exec("multiply", one, List.of(one, mask));
            MaskedBlend.add(recorder, which, one, which);
            MaskedBlend.keep(recorder, mask, next, one);
            recorder.exec(new ScalarReverseSubtraction(mask, null, mask, 1));
            MaskedBlend.keep(recorder, mask, best, two);
            MaskedBlend.add(recorder, one, two, best);
        }
    }

    /** Where all taps before lie outside the image, a tap inside it is best whatever it holds. */
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

    private static INDArray first(BufferViews bufferViews, TensorView firsts, Window w, int tap) {
        long[] extents = {1, w.outHeight(), w.outWidth(), 1};
        long[] strides = {(long) w.outHeight() * w.outWidth(), w.outWidth(), 1, 1};
        return bufferViews.view(firsts, new Strided(extents, strides, tap * strides[0]));
    }

    /** Writes ones where a tap holds the first maximum. */
    private static void chosen(OpRecorder recorder, WindowView windowView, Scratch scratch, int tap) {
        BufferViews bufferViews = recorder.frame();
        INDArray truths = windowView.outputs(bufferViews, scratch.truths());
        recorder.exec(new ScalarEquals(windowView.outputs(bufferViews, scratch.which()), truths, tap));
        recorder.copy(truths, windowView.outputs(bufferViews, scratch.mask()));
    }

    /** POOL_GATHER. */
    static final class Gather implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            return Scratch.needs(over(value), axis);
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BufferViews bufferViews = recorder.frame();
            WindowView windowView = over(call.value());
            Scratch scratch = Scratch.of(call);
            findMaxima(recorder, windowView, call.arg(0), scratch);
            TensorView picked = windowView.framed(recorder, call.arg(1), scratch.framed(1, call.arg(1)), 0);
            INDArray one = windowView.outputs(bufferViews, scratch.one());
            INDArray result = windowView.outputs(bufferViews, call.result());
            recorder.fill(result, 0);
            for (int tap = 0; tap < windowView.window().area(); tap++) {
                chosen(recorder, windowView, scratch, tap);
                INDArray seen = windowView.seen(recorder, picked, tap, scratch.seen());
                MaskedBlend.keep(recorder, windowView.outputs(bufferViews, scratch.mask()), seen, one);
                MaskedBlend.add(recorder, result, one, result);
            }
        }
    }

    /** POOL_SCATTER. */
    static final class Scatter implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            return Scratch.needs(over(value), axis);
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BufferViews bufferViews = recorder.frame();
            WindowView windowView = over(call.value());
            Scratch scratch = Scratch.of(call);
            findMaxima(recorder, windowView, call.arg(0), scratch);
            TensorView sum = scratch.framed(1, call.result());
            INDArray one = windowView.outputs(bufferViews, scratch.one());
            INDArray behind = windowView.outputs(bufferViews, call.arg(1));
            recorder.fill(bufferViews.flat(sum), 0);
            for (int tap = 0; tap < windowView.window().area(); tap++) {
                chosen(recorder, windowView, scratch, tap);
                MaskedBlend.keep(recorder, windowView.outputs(bufferViews, scratch.mask()), behind, one);
                windowView.addBehind(recorder, sum, tap, one, scratch.seen());
            }
            windowView.crop(recorder, sum, call.result());
        }
    }
}
