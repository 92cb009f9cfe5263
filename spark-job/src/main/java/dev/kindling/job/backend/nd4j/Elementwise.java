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

/** The elementwise ops for which ND4J has a kernel. */
final class Elementwise {
    private Elementwise() {}

    /** From one array to another. */
    record Unary(Op op) implements Nd4jKernels.Kernel {
        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            INDArray x = recorder.frame().flat(call.arg(0));
            INDArray z = recorder.frame().flat(call.result());
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

    /** From two arrays; one that all tasks share is broadcast by ND4J. */
    record Binary(Op op) implements Nd4jKernels.Kernel {
        @Override
        public boolean mixesAxes() {
            return true;
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BufferViews bufferViews = recorder.frame();
            String name = switch (op) {
                case ADD -> "add";
                case SUB -> "subtract";
                case MUL -> "multiply";
                case DIV -> "divide";
                default -> throw new IllegalStateException(op.printed() + " is no arithmetic");
            };
            recorder.exec(
                    name,
                    bufferViews.flat(call.result()),
                    List.of(bufferViews.flat(call.arg(0)), bufferViews.flat(call.arg(1))));
        }
    }

    /** Comparisons, which ND4J answers in truth values: they are copied into numbers. */
    record Comparison(Op op) implements Nd4jKernels.Kernel {
        @Override
        public boolean mixesAxes() {
            return true;
        }

        @Override
        public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
            return List.of(Nd4jKernels.Need.truths(axis, value.shape().size()));
        }

        @Override
        public void write(OpRecorder recorder, Instruction.Call call) {
            BufferViews bufferViews = recorder.frame();
            INDArray truths = bufferViews.flat(call.scratch().get(0));
            recorder.exec(
                    op == Op.GREATER ? "greater" : "equals",
                    truths,
                    List.of(bufferViews.flat(call.arg(0)), bufferViews.flat(call.arg(1))));
            recorder.copy(truths, bufferViews.flat(call.result()));
        }
    }
}
