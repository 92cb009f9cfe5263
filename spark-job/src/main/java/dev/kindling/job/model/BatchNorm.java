package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * Batch normalisation (Ioffe and Szegedy 2015, algorithm 1) with the statistics of the batch, or of each group of the batch
 * separately: gamma·(x - mean) / √(variance + ε) + beta with the biased variance; {@code gamma} and {@code beta} are
 * [1, units]. In images each pixel counts as an example and each channel as a unit.
 */
record BatchNorm(int units, double epsilon) implements Layer {
    /** The default ε of Deeplearning4j and most other libraries. */
    static final double EPSILON = 1e-5;

    BatchNorm(int units) {
        this(units, EPSILON);
    }

    @Override
    public List<Parameter> parameters() {
        Shape row = Shape.of(1, units);
        return List.of(
                new Parameter("gamma", row, Parameter.Role.SCALE, units, units),
                new Parameter("beta", row, Parameter.Role.SHIFT, units, units));
    }

    @Override
    public Shape output(Shape input) {
        if (input.rank() == 0 || input.dim(0) != units) {
            throw new IllegalArgumentException(
                    "batch norm of " + units + " units cannot take examples of shape " + input);
        }
        return input;
    }

    @Override
    public boolean mixesExamples() {
        return true;
    }

    /** The batch as a matrix [rows, units], each pixel a row. */
    Value rows(ProgramBuilder b, Value x) {
        return b.reshape(x, Shape.of(x.shape().size() / units, units));
    }

    /** Division and square root apply to one row only, so each example costs one multiplication and two additions per unit. */
    @Override
    public Value apply(ProgramBuilder b, List<Value> values, Value x, ForwardContext context) {
        int rows = x.shape().size() / units / context.groups();
        Shape grouped = context.groups() == 1 ? Shape.of(rows, units) : Shape.of(context.groups(), rows, units);
        Value examples = b.reshape(x, grouped);
        int axis = grouped.rank() - 2;
        Value centred = b.sub(examples, b.meanKept(examples, axis));
        Value variance = b.meanKept(b.square(centred), axis);
        Value factor = b.div(values.get(0), b.sqrt(b.add(variance, b.constant(epsilon))));
        return b.reshape(b.add(b.mul(centred, factor), values.get(1)), x.shape());
    }
}
