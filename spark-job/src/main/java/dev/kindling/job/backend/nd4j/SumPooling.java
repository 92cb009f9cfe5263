package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Sums over windows and their adjoint, tap after tap. */
final class SumPooling {
    private SumPooling() {}

    private static List<Nd4jKernels.Need> needs(WindowView windowView, TaskAxis axis) {
        Nd4jKernels.Need dense = Nd4jKernels.Need.numbers(axis, windowView.outputSize());
        return windowView.framed()
                ? List.of(dense, Nd4jKernels.Need.numbers(axis, windowView.framedSize()))
                : List.of(dense);
    }

    /** WINDOW_SUM. */
    static final class Sum implements Nd4jKernels.Kernel {
        private static WindowView over(Value value) {
            return WindowView.over(value, value.arg(0).shape());
        }

        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            return SumPooling.needs(over(value), axis);
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BufferViews bufferViews = recorder.frame();
            WindowView windowView = over(call.value());
            TensorView images = call.arg(0);
            TensorView framed = windowView.framed()
                    ? windowView.framed(recorder, images, call.scratch().get(1), 0)
                    : images;
            INDArray result = windowView.outputs(bufferViews, call.result());
            recorder.fill(result, 0);
            for (int tap = 0; tap < windowView.window().area(); tap++) {
                MaskedBlend.add(
                        recorder,
                        result,
                        windowView.seen(recorder, framed, tap, call.scratch().get(0)),
                        result);
            }
        }
    }

    /** WINDOW_SPREAD. */
    static final class Spread implements Nd4jKernels.Kernel {
        private static WindowView over(Value value) {
            return WindowView.over(value, value.shape());
        }

        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            return SumPooling.needs(over(value), axis);
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BufferViews bufferViews = recorder.frame();
            WindowView windowView = over(call.value());
            TensorView sum = windowView.framed() ? call.scratch().get(1) : call.result();
            INDArray behind = windowView.outputs(bufferViews, call.arg(0));
            recorder.fill(bufferViews.flat(sum), 0);
            for (int tap = 0; tap < windowView.window().area(); tap++) {
                windowView.addBehind(recorder, sum, tap, behind, call.scratch().get(0));
            }
            windowView.crop(recorder, sum, call.result());
        }
    }
}
