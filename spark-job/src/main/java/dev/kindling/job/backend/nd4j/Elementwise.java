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
    record Unary(Op op) implements Kernels.Kernel {
        @Override
        public void write(Script script, Instruction.Call call) {
            INDArray x = script.frame().flat(call.arg(0));
            INDArray z = script.frame().flat(call.result());
            script.exec(
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
    record Binary(Op op) implements Kernels.Kernel {
        @Override
        public boolean mixesAxes() {
            return true;
        }

        @Override
        public void write(Script script, Instruction.Call call) {
            Frame frame = script.frame();
            String name = switch (op) {
                case ADD -> "add";
                case SUB -> "subtract";
                case MUL -> "multiply";
                case DIV -> "divide";
                default -> throw new IllegalStateException(op.printed() + " is no arithmetic");
            };
            script.exec(name, frame.flat(call.result()), List.of(frame.flat(call.arg(0)), frame.flat(call.arg(1))));
        }
    }

    /** Comparisons, which ND4J answers in truth values: they are copied into numbers. */
    record Comparison(Op op) implements Kernels.Kernel {
        @Override
        public boolean mixesAxes() {
            return true;
        }

        @Override
        public List<Kernels.Need> needs(Value value, List<Place> args, Axis axis) {
            return List.of(Kernels.Need.truths(axis, value.shape().size()));
        }

        @Override
        public void write(Script script, Instruction.Call call) {
            Frame frame = script.frame();
            INDArray truths = frame.flat(call.scratch().get(0));
            script.exec(
                    op == Op.GREATER ? "greater" : "equals",
                    truths,
                    List.of(frame.flat(call.arg(0)), frame.flat(call.arg(1))));
            script.copy(truths, frame.flat(call.result()));
        }
    }
}
