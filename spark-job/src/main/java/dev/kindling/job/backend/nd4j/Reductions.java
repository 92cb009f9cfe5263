package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.same.Sum;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarReverseDivision;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarReverseSubtraction;

/**
 * The kernels of SUM, MAX and ARGMAX. ND4J's max and argmax ignore NaNs, so rows with a NaN are found first and their
 * results are replaced afterwards.
 */
final class Reductions {
    private Reductions() {}

    static void sum(OpRecorder recorder, Instruction.Call call) {
        BufferViews views = recorder.views();
        Shape from = call.value().arg(0).shape();
        List<Integer> axes = ((Attributes.Axes) call.value().attributes()).axes();
        if (axes.isEmpty()) {
            recorder.copy(call.arg(0), call.result());
        } else if (axes.size() == from.rank()) {
            recorder.exec(new Sum(views.flat(call.arg(0)), views.array(call.result()), false, 1));
        } else {
            recorder.exec(new Sum(
                    views.array(call.arg(0), Strided.longs(from.dims())),
                    views.array(
                            call.result(), Strided.longs(call.value().shape().dims())),
                    false,
                    axes.stream().mapToInt(axis -> axis + 1).toArray()));
        }
    }

    /** The argument as [tasks, rows, extent of the last axis]. */
    private static INDArray rows(BufferViews views, TensorView view, Instruction.Call call) {
        return views.array(
                view, call.result().size(), view.size() / call.result().size());
    }

    /** Computes a mask of the NaNs of the argument, and for each row whether it has one. */
    private static void nans(
            OpRecorder recorder, Instruction.Call call, TensorView nans, TensorView booleans, TensorView any) {
        BufferViews views = recorder.views();
        INDArray elements = rows(views, call.arg(0), call);
        recorder.exec("not_equals", rows(views, booleans, call), List.of(elements, elements));
        recorder.copy(views.flat(booleans), views.flat(nans));
        recorder.exec(
                new org.nd4j.linalg.api.ops.impl.reduce.same.Max(rows(views, nans, call), views.flat(any), false, 2));
    }

    /** MAX: adds 0/0 to the rows with a NaN, and 0/1 to the others. */
    static final class Max implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            int all = args.get(0).size();
            return List.of(
                    Nd4jKernels.Scratch.floats(axis, all),
                    Nd4jKernels.Scratch.booleans(axis, all),
                    Nd4jKernels.Scratch.floats(axis, value.shape().size()));
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BufferViews views = recorder.views();
            TensorView any = call.scratch().get(2);
            nans(recorder, call, call.scratch().get(0), call.scratch().get(1), any);
            INDArray result = views.flat(call.result());
            recorder.exec(
                    new org.nd4j.linalg.api.ops.impl.reduce.same.Max(rows(views, call.arg(0), call), result, false, 2));
            INDArray nanOrZero = views.flat(any);
            recorder.exec(new ScalarReverseSubtraction(nanOrZero, null, nanOrZero, 1));
            recorder.exec(new ScalarReverseDivision(nanOrZero, null, nanOrZero, 0));
            MaskedBlend.add(recorder, result, nanOrZero, result);
        }
    }

    /** ARGMAX: in rows with a NaN, the index of the first one. */
    static final class Argmax implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            int all = args.get(0).size();
            int rows = value.shape().size();
            return List.of(
                    Nd4jKernels.Scratch.floats(axis, all),
                    Nd4jKernels.Scratch.booleans(axis, all),
                    Nd4jKernels.Scratch.floats(axis, rows),
                    Nd4jKernels.Scratch.indices(axis, rows),
                    Nd4jKernels.Scratch.floats(axis, rows),
                    Nd4jKernels.Scratch.floats(axis, rows),
                    Nd4jKernels.Scratch.floats(axis, rows));
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BufferViews views = recorder.views();
            List<TensorView> scratch = call.scratch();
            TensorView nans = scratch.get(0);
            nans(recorder, call, nans, scratch.get(1), scratch.get(2));
            INDArray indices = views.flat(scratch.get(3));
            INDArray argmax = views.flat(scratch.get(4));
            INDArray firstNan = views.flat(scratch.get(5));
            recorder.exec("argmax", indices, List.of(rows(views, call.arg(0), call)), 2);
            recorder.copy(indices, argmax);
            recorder.exec("argmax", indices, List.of(rows(views, nans, call)), 2);
            recorder.copy(indices, firstNan);
            MaskedBlend.blend(
                    recorder,
                    views.flat(scratch.get(2)),
                    firstNan,
                    argmax,
                    views.flat(scratch.get(6)),
                    views.flat(call.result()));
        }
    }
}
