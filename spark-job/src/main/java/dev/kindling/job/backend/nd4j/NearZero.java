package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Value;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.scalar.ScalarAdd;
import org.nd4j.linalg.api.ops.impl.scalar.comparison.ScalarEquals;
import org.nd4j.linalg.api.ops.impl.scalar.comparison.ScalarLessThan;
import org.nd4j.linalg.api.ops.impl.transforms.same.Abs;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Exp;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Expm1;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Log;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Log1p;

/**
 * log(1 + x) and exp(x) - 1, which ND4J computes just so, with no digit left near 0: at 1e-12 it gives 0 in single
 * precision. There the rounded difference is put right by how much it is off (Kahan's way): for u = 1 + x rounded,
 * log(1 + x) = x log(u) / (u - 1), and x itself where u is 1; for u = exp(x) rounded, exp(x) - 1 = (u - 1) x / log(u).
 * Some 20 kernels in place of one.
 */
record NearZero(Op op) implements Kernels.Kernel {
    /** Below this, in magnitude, the difference is put right. */
    private static final double NEAR = 0.5;

    @Override
    public List<Kernels.Need> needs(Value value, List<Place> args, Axis axis) {
        Kernels.Need numbers = Kernels.Need.numbers(axis, value.shape().size());
        return List.of(
                numbers,
                numbers,
                numbers,
                numbers,
                Kernels.Need.truths(axis, value.shape().size()));
    }

    @Override
    public void write(Script script, Instruction.Call call) {
        Frame frame = script.frame();
        INDArray x = frame.flat(call.arg(0));
        INDArray u = frame.flat(call.scratch().get(0));
        INDArray difference = frame.flat(call.scratch().get(1));
        INDArray quotient = frame.flat(call.scratch().get(2));
        INDArray mask = frame.flat(call.scratch().get(3));
        INDArray truths = frame.flat(call.scratch().get(4));
        boolean logarithm = op == Op.LOG1P;
        script.exec(logarithm ? new ScalarAdd(x, null, u, 1) : new Exp(x, u));
        script.exec(new ScalarAdd(u, null, difference, -1));
        script.exec(new Log(u, quotient));
        if (logarithm) {
            script.exec("multiply", quotient, List.of(quotient, x));
            script.exec("divide", quotient, List.of(quotient, difference));
        } else {
            script.exec("multiply", mask, List.of(difference, x));
            script.exec("divide", quotient, List.of(mask, quotient));
        }
        script.exec(new ScalarEquals(difference, truths, 0));
        script.copy(truths, mask);
        Choices.choose(script, mask, x, quotient, u, difference);
        script.exec(logarithm ? new Log1p(x, quotient) : new Expm1(x, quotient));
        script.exec(new Abs(x, u));
        script.exec(new ScalarLessThan(u, truths, NEAR));
        script.copy(truths, mask);
        Choices.choose(script, mask, difference, quotient, u, frame.flat(call.result()));
    }
}
