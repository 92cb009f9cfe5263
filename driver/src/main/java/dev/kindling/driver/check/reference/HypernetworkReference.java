package dev.kindling.driver.check.reference;

import dev.kindling.driver.check.reference.ModelPasses.Result;
import dev.kindling.driver.check.reference.ModelPasses.Wanted;
import dev.kindling.job.algorithm.AlgorithmConfig;
import dev.kindling.job.tensor.Layout;

/** A hypernetwork: two layers with relu over each support point, their sum through two more, which write the parameters. */
final class HypernetworkReference extends ForwardReference {
    private static final String PREFIX = "hypernetwork.";
    private static final int POINT_LAYERS = 2;

    private final ModelPasses passes;
    private final double scale;

    HypernetworkReference(TaskContext task, AlgorithmConfig config) {
        super(task);
        this.passes = task.passes();
        this.scale = config.number("hypernetwork.scale");
    }

    @Override
    Prediction predict(NamedArrays theta, Sides sides) {
        double[] set = PointSets.sum(theta, PREFIX, POINT_LAYERS, task().support(), sides);
        double[] numbers = Perceptron.output(theta, PREFIX, POINT_LAYERS, POINT_LAYERS + 2, set, sides);
        NamedArrays written = NamedArrays.empty();
        for (Layout.Entry entry : task().model().parameters().entries()) {
            double[] array = new double[entry.shape().size()];
            for (int i = 0; i < array.length; i++) {
                array[i] = scale * numbers[entry.offset() + i];
            }
            written = written.with(entry.name(), array);
        }
        Examples support = task().support();
        Examples query = task().query();
        NamedDuals still = NamedDuals.constant(written);
        Result known = passes.support(still, support, 0, Wanted.OUTPUT);
        Result asked = passes.query(still, support, query, 1, Wanted.OUTPUT);
        sides.add(asked.outputs());
        return new Prediction(
                Examples.rows(known.output().value(), support.count()),
                Examples.rows(asked.output().value(), query.count()),
                NamedArrays.empty());
    }

    @Override
    double loss(double[][] outputs, double[] targets) {
        return meanSquaredError(outputs, targets);
    }
}
