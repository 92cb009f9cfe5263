package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.List;

/**
 * Batch normalisation with running statistics of past batches: gamma·(x - mean) / √(var + ε) + beta, in training and in
 * evaluation, so that no example's output depends on other examples. {@code gamma}, {@code beta}, {@code mean} and
 * {@code var} are [1, units]; no gradient flows into the last two.
 */
record RunningBatchNorm(BatchNorm norm) implements Layer {
    @Override
    public List<Parameter> parameters() {
        int units = norm.units();
        Shape row = Shape.of(1, units);
        List<Parameter> trained = norm.parameters();
        return List.of(
                trained.get(0),
                trained.get(1),
                new Parameter("mean", row, Parameter.Role.MEAN, units, units),
                new Parameter("var", row, Parameter.Role.VARIANCE, units, units));
    }

    @Override
    public Shape output(Shape input) {
        return norm.output(input);
    }

    @Override
    public boolean mixesExamples() {
        return true;
    }

    @Override
    public Value apply(ProgramBuilder b, List<Value> values, Value x, ForwardContext context) {
        Value centred = b.sub(norm.rows(b, x), values.get(2));
        Value factor = b.div(values.get(0), b.sqrt(b.add(values.get(3), b.constant(norm.epsilon()))));
        return b.reshape(b.add(b.mul(centred, factor), values.get(1)), x.shape());
    }

    /** The mean and biased variance of the batch. */
    @Override
    public List<Value> runningStatistics(ProgramBuilder b, Value x) {
        Value rows = norm.rows(b, x);
        Value mean = b.meanKept(rows, 0);
        return List.of(mean, b.meanKept(b.square(b.sub(rows, mean)), 0));
    }
}
