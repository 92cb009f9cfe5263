package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The three convolutions: the windows of all tasks' images as the rows of matrices, and a product for each task. */
final class Convolutions {
    private Convolutions() {}

    private static Products.Matrix kernel(Place place, Shape kernel, boolean transposed) {
        return new Products.Matrix(place, kernel.size() / kernel.dim(3), kernel.dim(3), transposed);
    }

    private static int patches(Sliding sliding) {
        return sliding.windows() * sliding.window().area() * sliding.channels();
    }

    private static List<Kernels.Need> needs(Sliding sliding, Axis axis) {
        List<Kernels.Need> needs = new ArrayList<>();
        needs.add(Kernels.Need.numbers(axis, patches(sliding)));
        if (sliding.framed()) {
            needs.add(Kernels.Need.numbers(axis, sliding.framedSize()));
        }
        return needs;
    }

    /** The frame of the scratch that {@link #needs} asks for, or the images' own place. */
    private static Place frame(Sliding sliding, List<Place> scratch, Place otherwise) {
        return sliding.framed() ? scratch.get(1) : otherwise;
    }

    private static Products.Matrix unfolded(Script script, Sliding sliding, Instruction.Call call, boolean transposed) {
        Place images = call.arg(0);
        Place patches = call.scratch().get(0);
        Place framed = sliding.framed(script, images, frame(sliding, call.scratch(), images), 0);
        sliding.unfold(script, framed, patches);
        return new Products.Matrix(
                patches, sliding.windows(), sliding.window().area() * sliding.channels(), transposed);
    }

    private static Sliding overImages(Value value) {
        return Sliding.over(value, value.arg(0).shape());
    }

    /** CONV: windows times kernel. */
    record Forward(Products products) implements Kernels.Kernel {
        @Override
        public boolean mixesAxes() {
            return true;
        }

        @Override
        public List<Kernels.Need> needs(Value value, List<Place> args, Axis axis) {
            return Convolutions.needs(overImages(value), args.get(0).axis());
        }

        @Override
        public void write(Script script, Instruction.Call call) {
            Products.Matrix windows = unfolded(script, overImages(call.value()), call, false);
            products.multiply(
                    script, windows, kernel(call.arg(1), call.value().arg(1).shape(), false), call.result());
        }
    }

    /** CONV_KERNEL: windows, transposed, times what stands behind them. */
    record ToKernel(Products products) implements Kernels.Kernel {
        @Override
        public boolean mixesAxes() {
            return true;
        }

        @Override
        public List<Kernels.Need> needs(Value value, List<Place> args, Axis axis) {
            return Convolutions.needs(overImages(value), args.get(0).axis());
        }

        @Override
        public void write(Script script, Instruction.Call call) {
            Sliding sliding = overImages(call.value());
            Products.Matrix windows = unfolded(script, sliding, call, true);
            Products.Matrix behind = new Products.Matrix(
                    call.arg(1), sliding.windows(), call.value().shape().dim(3), false);
            products.multiply(script, windows, behind, call.result());
        }
    }

    /** CONV_INPUT: what stands behind times the kernel, transposed; each tap's columns are added where it looked. */
    record ToInput(Products products) implements Kernels.Kernel {
        @Override
        public boolean mixesAxes() {
            return true;
        }

        private static Sliding over(Value value) {
            return Sliding.over(value, value.shape());
        }

        @Override
        public List<Kernels.Need> needs(Value value, List<Place> args, Axis axis) {
            Sliding sliding = over(value);
            List<Kernels.Need> needs = Convolutions.needs(sliding, axis);
            needs.add(Kernels.Need.numbers(axis, sliding.outputSize()));
            needs.add(Kernels.Need.numbers(axis, sliding.outputSize()));
            return needs;
        }

        @Override
        public void write(Script script, Instruction.Call call) {
            Frame frame = script.frame();
            Sliding sliding = over(call.value());
            Shape kernel = call.value().arg(1).shape();
            Place columns = call.scratch().get(0);
            Products.Matrix behind = new Products.Matrix(call.arg(0), sliding.windows(), kernel.dim(3), false);
            products.multiply(script, behind, kernel(call.arg(1), kernel, true), columns);
            Place sum = frame(sliding, call.scratch(), call.result());
            script.fill(frame.flat(sum), 0);
            List<Place> scratch = call.scratch();
            INDArray ofTap = sliding.outputs(frame, scratch.get(scratch.size() - 1));
            for (int tap = 0; tap < sliding.window().area(); tap++) {
                script.copy(sliding.columns(frame, columns, tap), ofTap);
                sliding.addBehind(script, sum, tap, ofTap, scratch.get(scratch.size() - 2));
            }
            sliding.crop(script, sum, call.result());
        }
    }
}
