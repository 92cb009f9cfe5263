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
record AccurateLog1pExpm1(Op op) implements Nd4jKernels.Kernel {
    /** Below this, in magnitude, the difference is put right. */
    private static final double NEAR = 0.5;

    @Override
    public List<Nd4jKernels.Need> needs(Value value, List<TensorView> args, TaskAxis axis) {
        Nd4jKernels.Need numbers = Nd4jKernels.Need.numbers(axis, value.shape().size());
        return List.of(
                numbers,
                numbers,
                numbers,
                numbers,
                Nd4jKernels.Need.truths(axis, value.shape().size()));
    }

    @Override
    public void write(OpRecorder recorder, Instruction.Call call) {
        BufferViews bufferViews = recorder.frame();
        INDArray x = bufferViews.flat(call.arg(0));
        INDArray u = bufferViews.flat(call.scratch().get(0));
        INDArray difference = bufferViews.flat(call.scratch().get(1));
        INDArray quotient = bufferViews.flat(call.scratch().get(2));
        INDArray mask = bufferViews.flat(call.scratch().get(3));
        INDArray truths = bufferViews.flat(call.scratch().get(4));
        boolean logarithm = op == Op.LOG1P;
        recorder.exec(logarithm ? new ScalarAdd(x, null, u, 1) : new Exp(x, u));
        recorder.exec(new ScalarAdd(u, null, difference, -1));
        recorder.exec(new Log(u, quotient));
        if (logarithm) {
            recorder.exec("multiply", quotient, List.of(quotient, x));
            recorder.exec("divide", quotient, List.of(quotient, difference));
        } else {
            recorder.exec("multiply", mask, List.of(difference, x));
            recorder.exec("divide", quotient, List.of(mask, quotient));
        }
        recorder.exec(new ScalarEquals(difference, truths, 0));
        recorder.copy(truths, mask);
        MaskedBlend.choose(recorder, mask, x, quotient, u, difference);
        recorder.exec(logarithm ? new Log1p(x, quotient) : new Expm1(x, quotient));
        recorder.exec(new Abs(x, u));
        recorder.exec(new ScalarLessThan(u, truths, NEAR));
        recorder.copy(truths, mask);
        MaskedBlend.choose(recorder, mask, difference, quotient, u, bufferViews.flat(call.result()));
    }
}
