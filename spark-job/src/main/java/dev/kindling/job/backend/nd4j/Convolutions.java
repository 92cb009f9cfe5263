package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The three convolutions: the windows of all tasks' images as the rows of matrices, and a product for each task. */
final class Convolutions {
    private Convolutions() {}

    private static BatchedMatmul.Matrix kernel(TensorView view, Shape kernel, boolean transposed) {
        return new BatchedMatmul.Matrix(view, kernel.size() / kernel.dim(3), kernel.dim(3), transposed);
    }

    private static int patches(WindowView windowView) {
        return windowView.windows() * windowView.window().area() * windowView.channels();
    }

    private static List<Nd4jKernels.Need> needs(WindowView windowView, TaskAxis axis) {
        List<Nd4jKernels.Need> needs = new ArrayList<>();
        needs.add(Nd4jKernels.Need.numbers(axis, patches(windowView)));
        if (windowView.framed()) {
            needs.add(Nd4jKernels.Need.numbers(axis, windowView.framedSize()));
        }
        return needs;
    }

    /** The frame of the scratch that {@link #needs} asks for, or the images' own place. */
    private static TensorView frame(WindowView windowView, List<TensorView> scratch, TensorView otherwise) {
        return windowView.framed() ? scratch.get(1) : otherwise;
    }

    private static BatchedMatmul.Matrix unfolded(
            OpRecorder recorder, WindowView windowView, Instruction.Call call, boolean transposed) {
        TensorView images = call.arg(0);
        TensorView patches = call.scratch().get(0);
        TensorView framed = windowView.framed(recorder, images, frame(windowView, call.scratch(), images), 0);
        windowView.unfold(recorder, framed, patches);
        return new BatchedMatmul.Matrix(
                patches, windowView.windows(), windowView.window().area() * windowView.channels(), transposed);
    }

    private static WindowView overImages(Value value) {
        return WindowView.over(value, value.arg(0).shape());
    }

    /** CONV: windows times kernel. */
    record Forward(BatchedMatmul batchedMatmul) implements Nd4jKernels.Kernel {
        @Override
        public boolean mixesAxes() {
            return true;
        }

        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            return Convolutions.needs(overImages(value), args.get(0).axis());
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BatchedMatmul.Matrix windows = unfolded(recorder, overImages(call.value()), call, false);
            batchedMatmul.multiply(
                    recorder, windows, kernel(call.arg(1), call.value().arg(1).shape(), false), call.result());
        }
    }

    /** CONV_KERNEL: windows, transposed, times what stands behind them. */
    record ToKernel(BatchedMatmul batchedMatmul) implements Nd4jKernels.Kernel {
        @Override
        public boolean mixesAxes() {
            return true;
        }

        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            return Convolutions.needs(overImages(value), args.get(0).axis());
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            WindowView windowView = overImages(call.value());
            BatchedMatmul.Matrix windows = unfolded(recorder, windowView, call, true);
            BatchedMatmul.Matrix behind = new BatchedMatmul.Matrix(
                    call.arg(1), windowView.windows(), call.value().shape().dim(3), false);
            batchedMatmul.multiply(recorder, windows, behind, call.result());
        }
    }

    /** CONV_INPUT: what stands behind times the kernel, transposed; each tap's columns are added where it looked. */
    record ToInput(BatchedMatmul batchedMatmul) implements Nd4jKernels.Kernel {
        @Override
        public boolean mixesAxes() {
            return true;
        }

        private static WindowView over(Value value) {
            return WindowView.over(value, value.shape());
        }

        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            WindowView windowView = over(value);
            List<Nd4jKernels.Need> needs = Convolutions.needs(windowView, axis);
            needs.add(Nd4jKernels.Need.numbers(axis, windowView.outputSize()));
            needs.add(Nd4jKernels.Need.numbers(axis, windowView.outputSize()));
            return needs;
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BufferViews bufferViews = recorder.frame();
            WindowView windowView = over(call.value());
            Shape kernel = call.value().arg(1).shape();
            TensorView columns = call.scratch().get(0);
            BatchedMatmul.Matrix behind =
                    new BatchedMatmul.Matrix(call.arg(0), windowView.windows(), kernel.dim(3), false);
            batchedMatmul.multiply(recorder, behind, kernel(call.arg(1), kernel, true), columns);
            TensorView sum = frame(windowView, call.scratch(), call.result());
            recorder.fill(bufferViews.flat(sum), 0);
            List<TensorView> scratch = call.scratch();
            INDArray ofTap = windowView.outputs(bufferViews, scratch.get(scratch.size() - 1));
            for (int tap = 0; tap < windowView.window().area(); tap++) {
                recorder.copy(windowView.columns(bufferViews, columns, tap), ofTap);
                windowView.addBehind(recorder, sum, tap, ofTap, scratch.get(scratch.size() - 2));
            }
            windowView.crop(recorder, sum, call.result());
        }
    }
}
