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
 * The kernels of LOG1P and EXPM1, accurate near 0. ND4J evaluates log(1 + x) and exp(x) - 1 literally, which loses all digits
 * near 0: at 1e-12 the result is 0 in single precision. There the rounding of the difference is corrected (Kahan's method):
 * for u = 1 + x rounded, log(1 + x) = x log(u) / (u - 1), and x if u is 1; for u = exp(x) rounded,
 * exp(x) - 1 = (u - 1) x / log(u). Takes about 20 kernels instead of one.
 */
record AccurateLog1pExpm1(Op op) implements Nd4jKernels.Kernel {
    /** Magnitude below which the difference is corrected. */
    private static final double CORRECTED_BELOW = 0.5;

    @Override
    public List<Nd4jKernels.Scratch> scratch(Value value, List<TensorView> args, TaskAxis axis) {
        Nd4jKernels.Scratch floats =
                Nd4jKernels.Scratch.floats(axis, value.shape().size());
        return List.of(
                floats,
                floats,
                floats,
                floats,
                Nd4jKernels.Scratch.booleans(axis, value.shape().size()));
    }

    @Override
    public void record(OpRecorder recorder, Instruction.Call call) {
        BufferViews views = recorder.views();
        INDArray x = views.flat(call.arg(0));
        INDArray u = views.flat(call.scratch().get(0));
        INDArray difference = views.flat(call.scratch().get(1));
        INDArray quotient = views.flat(call.scratch().get(2));
        INDArray mask = views.flat(call.scratch().get(3));
        INDArray booleans = views.flat(call.scratch().get(4));
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
        recorder.exec(new ScalarEquals(difference, booleans, 0));
        recorder.copy(booleans, mask);
        MaskedBlend.blend(recorder, mask, x, quotient, u, difference);
        recorder.exec(logarithm ? new Log1p(x, quotient) : new Expm1(x, quotient));
        recorder.exec(new Abs(x, u));
        recorder.exec(new ScalarLessThan(u, booleans, CORRECTED_BELOW));
        recorder.copy(booleans, mask);
        MaskedBlend.blend(recorder, mask, difference, quotient, u, views.flat(call.result()));
    }
}
