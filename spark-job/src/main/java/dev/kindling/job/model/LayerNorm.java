package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * Layer normalisation (Ba, Kiros and Hinton 2016, equations 3 and 4): gamma·(x - mean) / √(variance + ε) + beta with mean and
 * biased variance over the units of one example; {@code gamma} and {@code beta} are [1, units].
 */
record LayerNorm(int units) implements Layer {
    /** The default ε of PyTorch. */
    private static final double EPSILON = 1e-5;

    @Override
    public List<Parameter> parameters() {
        Shape row = Shape.of(1, units);
        return List.of(
                new Parameter("gamma", row, Parameter.Role.SCALE, units, units),
                new Parameter("beta", row, Parameter.Role.SHIFT, units, units));
    }

    @Override
    public Shape output(Shape input) {
        if (!input.equals(Shape.of(units))) {
            throw new IllegalArgumentException(
                    "layer norm of " + units + " units cannot take examples of shape " + input);
        }
        return input;
    }

    @Override
    public Value apply(ProgramBuilder b, List<Value> values, Value x, ForwardContext context) {
        Value centred = b.sub(x, b.meanKept(x, 1));
        Value variance = b.meanKept(b.square(centred), 1);
        Value normalised = b.div(centred, b.sqrt(b.add(variance, b.constant(EPSILON))));
        return b.add(b.mul(normalised, values.get(0)), values.get(1));
    }
}
