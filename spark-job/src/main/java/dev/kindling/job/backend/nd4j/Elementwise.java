package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Value;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.RectifiedLinear;
import org.nd4j.linalg.api.ops.impl.transforms.floating.Sqrt;
import org.nd4j.linalg.api.ops.impl.transforms.same.Negative;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Log;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sigmoid;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Tanh;

/** The kernels of elementwise ops that ND4J has. */
final class Elementwise {
    private Elementwise() {}

    /** An op of one argument. */
    record Unary(Op op) implements Nd4jKernels.Kernel {
        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            INDArray x = recorder.views().flat(call.arg(0));
            INDArray z = recorder.views().flat(call.result());
            recorder.exec(
                    switch (op) {
                        case NEG -> new Negative(x, z);
                        case EXP -> new Exp(x, z);
                        case LOG -> new Log(x, z);
                        case SQRT -> new Sqrt(x, z);
                        case TANH -> new Tanh(x, z);
                        case SIGMOID -> new Sigmoid(x, z);
                        case RELU -> new RectifiedLinear(x, z, 0);
                        default -> throw new IllegalStateException(op.printed() + " takes more than one number");
                    });
        }
    }

    /** An op of two arguments; ND4J broadcasts one without task axis. */
    record Binary(Op op) implements Nd4jKernels.Kernel {
        @Override
        public boolean acceptsMixedAxes() {
            return true;
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BufferViews views = recorder.views();
            String name = switch (op) {
                case ADD -> "add";
                case SUB -> "subtract";
                case MUL -> "multiply";
                case DIV -> "divide";
                default -> throw new IllegalStateException(op.printed() + " is no arithmetic");
            };
            recorder.exec(name, views.flat(call.result()), List.of(views.flat(call.arg(0)), views.flat(call.arg(1))));
        }
    }

    /** A comparison; ND4J's boolean result is converted to 0 and 1. */
    record Comparison(Op op) implements Nd4jKernels.Kernel {
        @Override
        public boolean acceptsMixedAxes() {
            return true;
        }

        @Override
        public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
            return List.of(Nd4jKernels.Scratch.booleans(axis, value.shape().size()));
        }

        @Override
        public void record(OpRecorder recorder, Instruction.Call call) {
            BufferViews views = recorder.views();
            INDArray booleans = views.flat(call.scratch().get(0));
            recorder.exec(
                    op == Op.GREATER ? "greater" : "equals",
                    booleans,
                    List.of(views.flat(call.arg(0)), views.flat(call.arg(1))));
            recorder.copy(booleans, views.flat(call.result()));
        }
    }
}
