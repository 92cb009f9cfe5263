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
final class Pools {
    private static final int FRAMED = 2;
    private static final int DENSE = 6;

    private Pools() {}

    /**
     * The scratch of both ops.
     *
     * @param which number of the tap that holds the first maximum
     * @param firsts for each tap, where it is the first inside the image
     */
    private record Scratch(
            Place which,
            Place best,
            Place mask,
            Place one,
            Place two,
            Place seen,
            Place truths,
            List<Place> framed,
            Place firsts) {
        static List<Kernels.Need> needs(Sliding sliding, Axis axis) {
            int outputs = sliding.outputSize();
            List<Kernels.Need> needs = new ArrayList<>();
            for (int i = 0; i < DENSE; i++) {
                needs.add(Kernels.Need.numbers(axis, outputs));
            }
            needs.add(Kernels.Need.truths(axis, outputs));
            if (sliding.framed()) {
                Window w = sliding.window();
                for (int i = 0; i < FRAMED; i++) {
                    needs.add(Kernels.Need.numbers(axis, sliding.framedSize()));
                }
                needs.add(Kernels.Need.numbers(Axis.ONE, w.area() * w.outHeight() * w.outWidth()));
            }
            return needs;
        }

        static Scratch of(Instruction.Call call) {
            List<Place> s = call.scratch();
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

        Place framed(int index, Place otherwise) {
            return framed.isEmpty() ? otherwise : framed.get(index);
        }
    }

    private static Sliding over(Value value) {
        return Sliding.over(value, value.arg(0).shape());
    }

    /** Writes the number of the tap that holds the first maximum of each window; a NaN is greater than every number. */
    private static void findMaxima(Script script, Sliding sliding, Place images, Scratch scratch) {
        Frame frame = script.frame();
        Place framed = sliding.framed(script, images, scratch.framed(0, images), Double.NEGATIVE_INFINITY);
        INDArray which = sliding.outputs(frame, scratch.which());
        INDArray best = sliding.outputs(frame, scratch.best());
        INDArray mask = sliding.outputs(frame, scratch.mask());
        INDArray one = sliding.outputs(frame, scratch.one());
        INDArray two = sliding.outputs(frame, scratch.two());
        INDArray truths = sliding.outputs(frame, scratch.truths());
        if (sliding.framed()) {
            script.add(active -> writeFirsts(frame.buffer(scratch.firsts()), sliding.window()));
        }
        script.fill(which, 0);
        script.copy(sliding.tap(frame, framed, 0), best);
        for (int tap = 1; tap < sliding.window().area(); tap++) {
            INDArray next = sliding.seen(script, framed, tap, scratch.seen());
            script.exec("greater", truths, List.of(next, best));
            script.copy(truths, mask);
            script.exec("not_equals", truths, List.of(next, next));
            script.copy(truths, one);
            script.exec("equals", truths, List.of(best, best));
            script.copy(truths, two);
            script.exec("multiply", one, List.of(one, two));
            script.exec("maximum", mask, List.of(mask, one));
            if (sliding.framed()) {
                script.exec("maximum", mask, List.of(mask, first(frame, scratch.firsts(), sliding.window(), tap)));
            }
            script.exec(new ScalarReverseSubtraction(which, null, one, tap));
            script.exec("multiply", one, List.of(one, mask));
            Choices.add(script, which, one, which);
            Choices.keep(script, mask, next, one);
            script.exec(new ScalarReverseSubtraction(mask, null, mask, 1));
            Choices.keep(script, mask, best, two);
            Choices.add(script, one, two, best);
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

    private static INDArray first(Frame frame, Place firsts, Window w, int tap) {
        long[] extents = {1, w.outHeight(), w.outWidth(), 1};
        long[] strides = {(long) w.outHeight() * w.outWidth(), w.outWidth(), 1, 1};
        return frame.view(firsts, new Strided(extents, strides, tap * strides[0]));
    }

    /** Writes ones where a tap holds the first maximum. */
    private static void chosen(Script script, Sliding sliding, Scratch scratch, int tap) {
        Frame frame = script.frame();
        INDArray truths = sliding.outputs(frame, scratch.truths());
        script.exec(new ScalarEquals(sliding.outputs(frame, scratch.which()), truths, tap));
        script.copy(truths, sliding.outputs(frame, scratch.mask()));
    }

    /** POOL_GATHER. */
    static final class Gather implements Kernels.Kernel {
        @Override
        public List<Kernels.Need> needs(Value value, List<Place> args, Axis axis) {
            return Scratch.needs(over(value), axis);
        }

        @Override
        public void write(Script script, Instruction.Call call) {
            Frame frame = script.frame();
            Sliding sliding = over(call.value());
            Scratch scratch = Scratch.of(call);
            findMaxima(script, sliding, call.arg(0), scratch);
            Place picked = sliding.framed(script, call.arg(1), scratch.framed(1, call.arg(1)), 0);
            INDArray one = sliding.outputs(frame, scratch.one());
            INDArray result = sliding.outputs(frame, call.result());
            script.fill(result, 0);
            for (int tap = 0; tap < sliding.window().area(); tap++) {
                chosen(script, sliding, scratch, tap);
                INDArray seen = sliding.seen(script, picked, tap, scratch.seen());
                Choices.keep(script, sliding.outputs(frame, scratch.mask()), seen, one);
                Choices.add(script, result, one, result);
            }
        }
    }

    /** POOL_SCATTER. */
    static final class Scatter implements Kernels.Kernel {
        @Override
        public List<Kernels.Need> needs(Value value, List<Place> args, Axis axis) {
            return Scratch.needs(over(value), axis);
        }

        @Override
        public void write(Script script, Instruction.Call call) {
            Frame frame = script.frame();
            Sliding sliding = over(call.value());
            Scratch scratch = Scratch.of(call);
            findMaxima(script, sliding, call.arg(0), scratch);
            Place sum = scratch.framed(1, call.result());
            INDArray one = sliding.outputs(frame, scratch.one());
            INDArray behind = sliding.outputs(frame, call.arg(1));
            script.fill(frame.flat(sum), 0);
            for (int tap = 0; tap < sliding.window().area(); tap++) {
                chosen(script, sliding, scratch, tap);
                Choices.keep(script, sliding.outputs(frame, scratch.mask()), behind, one);
                sliding.addBehind(script, sum, tap, one, scratch.seen());
            }
            sliding.crop(script, sum, call.result());
        }
    }
}
