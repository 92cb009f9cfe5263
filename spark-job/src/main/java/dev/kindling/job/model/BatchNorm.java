package dev.kindling.job.model;

import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * Batch normalisation (Ioffe and Szegedy 2015, algorithm 1) of flat examples with the statistics of its own batch:
 * gamma·(x - mean) / √(variance + ε) + beta with the biased variance and ε = 1e-5; {@code gamma} and {@code beta} are
 * [1, units].
 */
record BatchNorm(int units) implements Layer {
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
                    "batch norm of " + units + " units cannot take examples of shape " + input);
        }
        return input;
    }

    /** Division and root act on one row, so that each example costs a product and two sums only. */
    @Override
    public Value apply(Builder b, List<Value> values, Value x) {
        Value centred = b.sub(x, b.meanKept(x, 0));
        Value variance = b.meanKept(b.square(centred), 0);
        Value factor = b.div(values.get(0), b.sqrt(b.add(variance, b.constant(EPSILON))));
        return b.add(b.mul(centred, factor), values.get(1));
    }
}
