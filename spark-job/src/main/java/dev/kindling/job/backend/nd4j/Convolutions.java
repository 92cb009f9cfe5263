package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The kernels of the three convolutions: im2col over the images of all tasks, and a batched matrix product. */
final class Convolutions {
    private Convolutions() {}

    private static BatchedMatmul.Matrix kernel(TensorView view, Shape kernel, boolean transposed) {
        return new BatchedMatmul.Matrix(view, kernel.size() / kernel.dim(3), kernel.dim(3), transposed);
    }

    private static int patchSize(WindowView windowView) {
        return windowView.windows() * windowView.window().area() * windowView.channels();
    }

    private static List<Nd4jKernels.Scratch> scratch(WindowView windowView, TaskAxis axis) {
        List<Nd4jKernels.Scratch> scratch = new ArrayList<>();
        scratch.add(Nd4jKernels.Scratch.floats(axis, patchSize(windowView)));
        if (windowView.needsPadding()) {
            scratch.add(Nd4jKernels.Scratch.floats(axis, windowView.paddedSize()));
        }
        return scratch;
    }

    /** The scratch array for padded images, or the images themselves if they need no padding. */
    private static TensorView padded(WindowView windowView, List<TensorView> scratch, TensorView unpadded) {
        return windowView.needsPadding() ? scratch.get(1) : unpadded;
    }

    private static BatchedMatmul.Matrix im2col(
            OpRecorder recorder, WindowView windowView, Instruction.Call call, boolean transposed) {
        TensorView images = call.arg(0);
        TensorView patches = call.scratch().get(0);
        TensorView padded = windowView.padded(recorder, images, padded(windowView, call.scratch(), images), 0);
        windowView.im2col(recorder, padded, patches);
        return new BatchedMatmul.Matrix(
                patches, windowView.windows(), windowView.window().area() * windowView.channels(), transposed);
    }

    private static WindowView overImages(Value value) {
        return WindowView.over(value, value.arg(0).shape());
    }

    /** CONV: windows times kernel. */
    record Forward(BatchedMatmul batchedMatmul) implements Nd4jKernels.Kernel {
        @Override
        public boolean acceptsMixedAxes() {
            return true;
        }

        @Override
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            return Convolutions.scratch(overImages(value), args.get(0).axis());
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BatchedMatmul.Matrix windows = im2col(recorder, overImages(call.value()), call, false);
            batchedMatmul.multiply(
                    recorder, windows, kernel(call.arg(1), call.value().arg(1).shape(), false), call.result());
        }
    }

    /** CONV_KERNEL: windows, transposed, times the cotangent of the output. */
    record ToKernel(BatchedMatmul batchedMatmul) implements Nd4jKernels.Kernel {
        @Override
        public boolean acceptsMixedAxes() {
            return true;
        }

        @Override
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            return Convolutions.scratch(overImages(value), args.get(0).axis());
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            WindowView windowView = overImages(call.value());
            BatchedMatmul.Matrix windows = im2col(recorder, windowView, call, true);
            BatchedMatmul.Matrix cotangent = new BatchedMatmul.Matrix(
                    call.arg(1), windowView.windows(), call.value().shape().dim(3), false);
            batchedMatmul.multiply(recorder, windows, cotangent, call.result());
        }
    }

    /** CONV_INPUT: the cotangent of the output times the kernel, transposed; each tap's columns are added to it (col2im). */
    record ToInput(BatchedMatmul batchedMatmul) implements Nd4jKernels.Kernel {
        @Override
        public boolean acceptsMixedAxes() {
            return true;
        }

        private static WindowView over(Value value) {
            return WindowView.over(value, value.shape());
        }

        @Override
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            WindowView windowView = over(value);
            List<Nd4jKernels.Scratch> scratch = Convolutions.scratch(windowView, axis);
            scratch.add(Nd4jKernels.Scratch.floats(axis, windowView.outputSize()));
            scratch.add(Nd4jKernels.Scratch.floats(axis, windowView.outputSize()));
            return scratch;
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BufferViews views = recorder.views();
            WindowView windowView = over(call.value());
            Shape kernel = call.value().arg(1).shape();
            TensorView columns = call.scratch().get(0);
            BatchedMatmul.Matrix cotangent =
                    new BatchedMatmul.Matrix(call.arg(0), windowView.windows(), kernel.dim(3), false);
            batchedMatmul.multiply(recorder, cotangent, kernel(call.arg(1), kernel, true), columns);
            TensorView sum = padded(windowView, call.scratch(), call.result());
            recorder.fill(views.flat(sum), 0);
            List<TensorView> scratch = call.scratch();
            INDArray ofTap = windowView.outputs(views, scratch.get(scratch.size() - 1));
            for (int tap = 0; tap < windowView.window().area(); tap++) {
                recorder.copy(windowView.columns(views, columns, tap), ofTap);
                windowView.addToTap(recorder, sum, tap, ofTap, scratch.get(scratch.size() - 2));
            }
            windowView.crop(recorder, sum, call.result());
        }
    }
}
