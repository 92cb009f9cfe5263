package dev.kindling.driver.check.reference;

import dev.kindling.driver.check.reference.ModelPasses.Mode;
import dev.kindling.driver.check.reference.ModelPasses.Result;
import dev.kindling.job.algorithm.AlgorithmConfig;
import dev.kindling.job.tensor.Layout;

/** The reference of the hypernetwork: two relu layers over each support point; two more layers map their sum to the parameters. */
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
        double[] outputs = Perceptron.output(theta, PREFIX, POINT_LAYERS, POINT_LAYERS + 2, set, sides);
        NamedArrays generated = NamedArrays.empty();
        for (Layout.Entry entry : task().model().parameters().entries()) {
            double[] array = new double[entry.shape().size()];
            for (int i = 0; i < array.length; i++) {
                array[i] = scale * outputs[entry.offset() + i];
            }
            generated = generated.with(entry.name(), array);
        }
        Examples support = task().support();
        Examples query = task().query();
        NamedDuals constants = NamedDuals.constant(generated);
        Result supportPass = passes.support(constants, support, 0, Mode.OUTPUT, sides);
        Result queryPass = passes.query(constants, support, query, 1, Mode.OUTPUT, sides);
        return new Prediction(
                Examples.rows(supportPass.output().value(), support.count()),
                Examples.rows(queryPass.output().value(), query.count()),
                NamedArrays.empty());
    }

    @Override
    double loss(double[][] outputs, Examples examples) {
        return meanSquaredError(outputs, examples);
    }
}
