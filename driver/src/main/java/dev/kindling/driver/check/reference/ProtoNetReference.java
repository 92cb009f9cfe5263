package dev.kindling.driver.check.reference;

import dev.kindling.job.algorithm.AlgorithmConfig;
import java.util.Optional;

/** The reference of prototypical networks (Snell, Swersky and Zemel, NeurIPS 2017, equations 1 and 2), in Java from the embeddings on. */
final class ProtoNetReference extends ForwardReference {
    private enum Measure {
        EUCLIDEAN,
        COSINE
    }

    private final ModelPasses embedding;
    private final Measure measure;
    private final double scale;

    ProtoNetReference(TaskContext task, AlgorithmConfig config) {
        super(task);
        this.embedding = task.passes(task.model().encoder());
        this.measure = config.choice("proto-net.measure", Measure.class);
        this.scale = config.number("proto-net.scale");
    }

    @Override
    Prediction predict(NamedArrays theta, Sides sides) {
        Examples support = task().support();
        Examples query = task().query();
        Embedded passes = embedded(embedding, theta, sides);
        double[][] features = Examples.rows(passes.support().output().value(), support.count());
        double[][] prototypes = Classes.means(features, support, task().layout().classes());
        return new Prediction(
                similarities(features, prototypes),
                similarities(Examples.rows(passes.query().output().value(), query.count()), prototypes),
                statistics(theta, passes.query().observed()));
    }

    private double[][] similarities(double[][] features, double[][] prototypes) {
        double[][] similarities = new double[features.length][prototypes.length];
        for (int i = 0; i < features.length; i++) {
            for (int k = 0; k < prototypes.length; k++) {
                similarities[i][k] = scale
                        * (measure == Measure.EUCLIDEAN
                                ? -squaredDistance(features[i], prototypes[k])
                                : cosine(features[i], prototypes[k]));
            }
        }
        return similarities;
    }

    private static double squaredDistance(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }

    private static double cosine(double[] a, double[] b) {
        return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    @Override
    Optional<double[]> probabilities(double[][] outputs) {
        return Optional.of(Classes.softmax(Examples.flat(outputs), outputs[0].length));
    }

    @Override
    double loss(double[][] outputs, Examples examples) {
        return Classes.crossEntropy(outputs, examples);
    }
}
