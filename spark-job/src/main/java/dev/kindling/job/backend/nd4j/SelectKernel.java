package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The kernel of SELECT: converts the condition to a mask of 0 and 1 and blends by it. */
final class SelectKernel implements Nd4jKernels.Kernel {
    @Override
    public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
        int size = value.shape().size();
        return List.of(
                Nd4jKernels.Scratch.floats(axis, size),
                Nd4jKernels.Scratch.floats(axis, size),
                Nd4jKernels.Scratch.booleans(axis, size));
    }

    @Override
    public void record(OpRecorder recorder, Instruction.Call call) {
        BufferViews views = recorder.views();
        INDArray mask = views.flat(call.scratch().get(0));
        INDArray scratch = views.flat(call.scratch().get(1));
        INDArray booleans = views.flat(call.scratch().get(2));
        recorder.fill(scratch, 0);
        recorder.exec("not_equals", booleans, List.of(views.flat(call.arg(0)), scratch));
        recorder.copy(booleans, mask);
        MaskedBlend.blend(
                recorder, mask, views.flat(call.arg(1)), views.flat(call.arg(2)), scratch, views.flat(call.result()));
    }
}
