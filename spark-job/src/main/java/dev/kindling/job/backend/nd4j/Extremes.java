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
final class Extremes {
    private Extremes() {}

    static void sum(Script script, Instruction.Call call) {
        Frame frame = script.frame();
        Shape from = call.value().arg(0).shape();
        List<Integer> axes = ((Attributes.Axes) call.value().attributes()).axes();
        if (axes.isEmpty()) {
            script.copy(call.arg(0), call.result());
        } else if (axes.size() == from.rank()) {
            script.exec(new Sum(frame.flat(call.arg(0)), frame.array(call.result()), false, 1));
        } else {
            script.exec(new Sum(
                    frame.array(call.arg(0), Strided.longs(from.dims())),
                    frame.array(
                            call.result(), Strided.longs(call.value().shape().dims())),
                    false,
                    axes.stream().mapToInt(axis -> axis + 1).toArray()));
        }
    }

    /** The argument as [tasks, rows, extent of the last axis]. */
    private static INDArray rows(Frame frame, Place place, Instruction.Call call) {
        return frame.array(
                place, call.result().size(), place.size() / call.result().size());
    }

    /** Writes ones where an argument is NaN, and for each row whether there is one. */
    private static void nans(Script script, Instruction.Call call, Place nans, Place truths, Place any) {
        Frame frame = script.frame();
        INDArray numbers = rows(frame, call.arg(0), call);
        script.exec("not_equals", rows(frame, truths, call), List.of(numbers, numbers));
        script.copy(frame.flat(truths), frame.flat(nans));
        script.exec(
                new org.nd4j.linalg.api.ops.impl.reduce.same.Max(rows(frame, nans, call), frame.flat(any), false, 2));
    }

    /** MAX: 0/0 is added to the rows that hold a NaN, and 0/1 to the others. */
    static final class Max implements Kernels.Kernel {
        @Override
        public List<Kernels.Need> needs(Value value, List<Place> args, Axis axis) {
            int all = args.get(0).size();
            return List.of(
                    Kernels.Need.numbers(axis, all),
                    Kernels.Need.truths(axis, all),
                    Kernels.Need.numbers(axis, value.shape().size()));
        }

        @Override
        public void write(Script script, Instruction.Call call) {
            Frame frame = script.frame();
            Place any = call.scratch().get(2);
            nans(script, call, call.scratch().get(0), call.scratch().get(1), any);
            INDArray result = frame.flat(call.result());
            script.exec(
                    new org.nd4j.linalg.api.ops.impl.reduce.same.Max(rows(frame, call.arg(0), call), result, false, 2));
            INDArray spoil = frame.flat(any);
            script.exec(new ScalarReverseSubtraction(spoil, null, spoil, 1));
            script.exec(new ScalarReverseDivision(spoil, null, spoil, 0));
            Choices.add(script, result, spoil, result);
        }
    }

    /** ARGMAX: in the rows that hold a NaN the position of the first of them. */
    static final class Argmax implements Kernels.Kernel {
        @Override
        public List<Kernels.Need> needs(Value value, List<Place> args, Axis axis) {
            int all = args.get(0).size();
            int rows = value.shape().size();
            return List.of(
                    Kernels.Need.numbers(axis, all),
                    Kernels.Need.truths(axis, all),
                    Kernels.Need.numbers(axis, rows),
                    Kernels.Need.indices(axis, rows),
                    Kernels.Need.numbers(axis, rows),
                    Kernels.Need.numbers(axis, rows),
                    Kernels.Need.numbers(axis, rows));
        }

        @Override
        public void write(Script script, Instruction.Call call) {
            Frame frame = script.frame();
            List<Place> scratch = call.scratch();
            Place nans = scratch.get(0);
            nans(script, call, nans, scratch.get(1), scratch.get(2));
            INDArray indices = frame.flat(scratch.get(3));
            INDArray ofNumbers = frame.flat(scratch.get(4));
            INDArray ofNans = frame.flat(scratch.get(5));
            script.exec("argmax", indices, List.of(rows(frame, call.arg(0), call)), 2);
            script.copy(indices, ofNumbers);
            script.exec("argmax", indices, List.of(rows(frame, nans, call)), 2);
            script.copy(indices, ofNans);
            Choices.choose(
                    script,
                    frame.flat(scratch.get(2)),
                    ofNans,
                    ofNumbers,
                    frame.flat(scratch.get(6)),
                    frame.flat(call.result()));
        }
    }
}
