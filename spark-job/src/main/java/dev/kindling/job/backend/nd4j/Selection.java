package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** SELECT: the condition becomes a mask of ones and zeros, by which is chosen. */
final class Selection implements Kernels.Kernel {
    @Override
    public List<Kernels.Need> needs(Value value, List<Place> args, Axis axis) {
        int size = value.shape().size();
        return List.of(
                Kernels.Need.numbers(axis, size), Kernels.Need.numbers(axis, size), Kernels.Need.truths(axis, size));
    }

    @Override
    public void write(Script script, Instruction.Call call) {
        Frame frame = script.frame();
        INDArray mask = frame.flat(call.scratch().get(0));
        INDArray scratch = frame.flat(call.scratch().get(1));
        INDArray truths = frame.flat(call.scratch().get(2));
        script.fill(scratch, 0);
        script.exec("not_equals", truths, List.of(frame.flat(call.arg(0)), scratch));
        script.copy(truths, mask);
        Choices.choose(
                script, mask, frame.flat(call.arg(1)), frame.flat(call.arg(2)), scratch, frame.flat(call.result()));
    }
}
