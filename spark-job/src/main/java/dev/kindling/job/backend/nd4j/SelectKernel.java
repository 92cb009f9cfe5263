package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** SELECT: the condition becomes a mask of ones and zeros, by which is chosen. */
final class SelectKernel implements Nd4jKernels.Kernel {
    @Override
    public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
        int size = value.shape().size();
        return List.of(
                Nd4jKernels.Need.numbers(axis, size),
                Nd4jKernels.Need.numbers(axis, size),
                Nd4jKernels.Need.truths(axis, size));
    }

    @Override
    public void write(OpRecorder recorder, Instruction.Call call) {
        BufferViews bufferViews = recorder.frame();
        INDArray mask = bufferViews.flat(call.scratch().get(0));
        INDArray scratch = bufferViews.flat(call.scratch().get(1));
        INDArray truths = bufferViews.flat(call.scratch().get(2));
        recorder.fill(scratch, 0);
        recorder.exec("not_equals", truths, List.of(bufferViews.flat(call.arg(0)), scratch));
        recorder.copy(truths, mask);
        MaskedBlend.choose(
                recorder,
                mask,
                bufferViews.flat(call.arg(1)),
                bufferViews.flat(call.arg(2)),
                scratch,
                bufferViews.flat(call.result()));
    }
}
