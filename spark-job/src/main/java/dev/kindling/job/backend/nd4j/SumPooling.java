package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The kernels of WINDOW_SUM and WINDOW_SPREAD, tap by tap. */
final class SumPooling {
    private SumPooling() {}

    private static List<Nd4jKernels.Scratch> scratch(WindowView windowView, TaskAxis axis) {
        Nd4jKernels.Scratch dense = Nd4jKernels.Scratch.floats(axis, windowView.outputSize());
        return windowView.needsPadding()
                ? List.of(dense, Nd4jKernels.Scratch.floats(axis, windowView.paddedSize()))
                : List.of(dense);
    }

    /** WINDOW_SUM. */
    static final class Sum implements Nd4jKernels.Kernel {
        private static WindowView over(Value value) {
            return WindowView.over(value, value.arg(0).shape());
        }

        @Override
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            return SumPooling.scratch(over(value), axis);
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BufferViews views = recorder.views();
            WindowView windowView = over(call.value());
            TensorView images = call.arg(0);
            TensorView padded = windowView.needsPadding()
                    ? windowView.padded(recorder, images, call.scratch().get(1), 0)
                    : images;
            INDArray result = windowView.outputs(views, call.result());
            recorder.fill(result, 0);
            for (int tap = 0; tap < windowView.window().area(); tap++) {
                MaskedBlend.add(
                        recorder,
                        result,
                        windowView.denseTap(
                                recorder, padded, tap, call.scratch().get(0)),
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
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            return SumPooling.scratch(over(value), axis);
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BufferViews views = recorder.views();
            WindowView windowView = over(call.value());
            TensorView sum = windowView.needsPadding() ? call.scratch().get(1) : call.result();
            INDArray cotangent = windowView.outputs(views, call.arg(0));
            recorder.fill(views.flat(sum), 0);
            for (int tap = 0; tap < windowView.window().area(); tap++) {
                windowView.addToTap(
                        recorder, sum, tap, cotangent, call.scratch().get(0));
            }
            windowView.crop(recorder, sum, call.result());
        }
    }
}
