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
 * The reductions. ND4J's maximum passes NaNs over, and so does its position of the maximum: rows that hold one are found
 * first, and put right afterwards.
 */
final class MaxReductions {
    private MaxReductions() {}

    static void sum(OpRecorder recorder, Instruction.Call call) {
        BufferViews bufferViews = recorder.frame();
        Shape from = call.value().arg(0).shape();
        List<Integer> axes = ((Attributes.Axes) call.value().attributes()).axes();
        if (axes.isEmpty()) {
            recorder.copy(call.arg(0), call.result());
        } else if (axes.size() == from.rank()) {
            recorder.exec(new Sum(bufferViews.flat(call.arg(0)), bufferViews.array(call.result()), false, 1));
        } else {
            recorder.exec(new Sum(
                    bufferViews.array(call.arg(0), Strided.longs(from.dims())),
                    bufferViews.array(
                            call.result(), Strided.longs(call.value().shape().dims())),
                    false,
                    axes.stream().mapToInt(axis -> axis + 1).toArray()));
        }
    }

    /** The argument as [tasks, rows, extent of the last axis]. */
    private static INDArray rows(BufferViews bufferViews, TensorView view, Instruction.Call call) {
        return bufferViews.array(
                view, call.result().size(), view.size() / call.result().size());
    }

    /** Writes ones where an argument is NaN, and for each row whether there is one. */
    private static void nans(
            OpRecorder recorder, Instruction.Call call, TensorView nans, TensorView truths, TensorView any) {
        BufferViews bufferViews = recorder.frame();
        INDArray numbers = rows(bufferViews, call.arg(0), call);
        recorder.exec("not_equals", rows(bufferViews, truths, call), List.of(numbers, numbers));
        recorder.copy(bufferViews.flat(truths), bufferViews.flat(nans));
        recorder.exec(new org.nd4j.linalg.api.ops.impl.reduce.same.Max(
                rows(bufferViews, nans, call), bufferViews.flat(any), false, 2));
    }

    /** MAX: 0/0 is added to the rows that hold a NaN, and 0/1 to the others. */
    static final class Max implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            int all = args.get(0).size();
            return List.of(
                    Nd4jKernels.Need.numbers(axis, all),
                    Nd4jKernels.Need.truths(axis, all),
                    Nd4jKernels.Need.numbers(axis, value.shape().size()));
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BufferViews bufferViews = recorder.frame();
            TensorView any = call.scratch().get(2);
            nans(recorder, call, call.scratch().get(0), call.scratch().get(1), any);
            INDArray result = bufferViews.flat(call.result());
            recorder.exec(new org.nd4j.linalg.api.ops.impl.reduce.same.Max(
                    rows(bufferViews, call.arg(0), call), result, false, 2));
            INDArray spoil = bufferViews.flat(any);
            recorder.exec(new ScalarReverseSubtraction(spoil, null, spoil, 1));
            recorder.exec(new ScalarReverseDivision(spoil, null, spoil, 0));
            MaskedBlend.add(recorder, result, spoil, result);
        }
    }

    /** ARGMAX: in the rows that hold a NaN the position of the first of them. */
    static final class Argmax implements Nd4jKernels.Kernel {
        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            int all = args.get(0).size();
            int rows = value.shape().size();
            return List.of(
                    Nd4jKernels.Need.numbers(axis, all),
                    Nd4jKernels.Need.truths(axis, all),
                    Nd4jKernels.Need.numbers(axis, rows),
                    Nd4jKernels.Need.indices(axis, rows),
                    Nd4jKernels.Need.numbers(axis, rows),
                    Nd4jKernels.Need.numbers(axis, rows),
                    Nd4jKernels.Need.numbers(axis, rows));
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BufferViews bufferViews = recorder.frame();
            List<TensorView> scratch = call.scratch();
            TensorView nans = scratch.get(0);
            nans(recorder, call, nans, scratch.get(1), scratch.get(2));
            INDArray indices = bufferViews.flat(scratch.get(3));
            INDArray ofNumbers = bufferViews.flat(scratch.get(4));
            INDArray ofNans = bufferViews.flat(scratch.get(5));
            recorder.exec("argmax", indices, List.of(rows(bufferViews, call.arg(0), call)), 2);
            recorder.copy(indices, ofNumbers);
            recorder.exec("argmax", indices, List.of(rows(bufferViews, nans, call)), 2);
            recorder.copy(indices, ofNans);
            MaskedBlend.choose(
                    recorder,
                    bufferViews.flat(scratch.get(2)),
                    ofNans,
                    ofNumbers,
                    bufferViews.flat(scratch.get(6)),
                    bufferViews.flat(call.result()));
        }
    }
}
