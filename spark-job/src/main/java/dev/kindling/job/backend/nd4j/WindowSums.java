package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Sums over windows and their adjoint, tap after tap. */
final class WindowSums {
    private WindowSums() {}

    private static List<Kernels.Need> needs(Sliding sliding, Axis axis) {
        Kernels.Need dense = Kernels.Need.numbers(axis, sliding.outputSize());
        return sliding.framed() ? List.of(dense, Kernels.Need.numbers(axis, sliding.framedSize())) : List.of(dense);
    }

    /** WINDOW_SUM. */
    static final class Sum implements Kernels.Kernel {
        private static Sliding over(Value value) {
            return Sliding.over(value, value.arg(0).shape());
        }

        @Override
        public List<Kernels.Need> needs(Value value, List<Place> args, Axis axis) {
            return WindowSums.needs(over(value), axis);
        }

        @Override
        public void write(Script script, Instruction.Call call) {
            Frame frame = script.frame();
            Sliding sliding = over(call.value());
            Place images = call.arg(0);
            Place framed = sliding.framed()
                    ? sliding.framed(script, images, call.scratch().get(1), 0)
                    : images;
            INDArray result = sliding.outputs(frame, call.result());
            script.fill(result, 0);
            for (int tap = 0; tap < sliding.window().area(); tap++) {
                Choices.add(
                        script,
                        result,
                        sliding.seen(script, framed, tap, call.scratch().get(0)),
                        result);
            }
        }
    }

    /** WINDOW_SPREAD. */
    static final class Spread implements Kernels.Kernel {
        private static Sliding over(Value value) {
            return Sliding.over(value, value.shape());
        }

        @Override
        public List<Kernels.Need> needs(Value value, List<Place> args, Axis axis) {
            return WindowSums.needs(over(value), axis);
        }

        @Override
        public void write(Script script, Instruction.Call call) {
            Frame frame = script.frame();
            Sliding sliding = over(call.value());
            Place sum = sliding.framed() ? call.scratch().get(1) : call.result();
            INDArray behind = sliding.outputs(frame, call.arg(0));
            script.fill(frame.flat(sum), 0);
            for (int tap = 0; tap < sliding.window().area(); tap++) {
                sliding.addBehind(script, sum, tap, behind, call.scratch().get(0));
            }
            sliding.crop(script, sum, call.result());
        }
    }
}
