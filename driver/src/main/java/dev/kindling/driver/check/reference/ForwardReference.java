package dev.kindling.driver.check.reference;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** The reference of a method that predicts from the support set in one forward pass, without inner steps. */
abstract class ForwardReference implements Reference {
    /**
     * The outputs of the pass.
     *
     * @param support outputs for the support examples, in rows
     * @param query outputs for the queries, in rows
     * @param queryVariance the variance of each query's target, if the method predicts it
     * @param statistics contributions of the running statistics
     * @param penalty what training adds to the loss
     */
    record Prediction(
            double[][] support,
            double[][] query,
            Optional<double[]> queryVariance,
            NamedArrays statistics,
            double penalty) {
        Prediction(double[][] support, double[][] query, NamedArrays statistics) {
            this(support, query, Optional.empty(), statistics, 0);
        }
    }

    /**
     * Passes of an embedding over both sets.
     *
     * @param support over the support set, with its statistics
     * @param query over the queries
     */
    record Embedded(ModelPasses.Result support, ModelPasses.Result query) {}

    private final TaskContext task;

    ForwardReference(TaskContext task) {
        this.task = task;
    }

    final TaskContext task() {
        return task;
    }

    abstract Prediction predict(NamedArrays theta, Sides sides);

    /** The weighted mean loss of outputs for examples. */
    abstract double loss(double[][] outputs, Examples examples);

    /** The outputs of an embedding for the task's support set and queries. */
    final Embedded embedded(ModelPasses embedding, NamedArrays theta, Sides sides) {
        NamedDuals constants = NamedDuals.constant(theta);
        ModelPasses.Result support = embedding.support(constants, task.support(), 0, ModelPasses.Mode.OUTPUT, sides);
        ModelPasses.Result query =
                embedding.query(constants, task.support(), task.query(), 1, ModelPasses.Mode.OUTPUT, sides);
        return new Embedded(support, query);
    }

    /** The contributions of running statistics: θ's less those of the query pass. */
    static NamedArrays statistics(NamedArrays theta, NamedArrays observed) {
        return theta.only(observed.names()).plus(-1, observed);
    }

    /** The class probabilities, if the outputs are logits. */
    Optional<double[]> probabilities(double[][] outputs) {
        return Optional.empty();
    }

    @Override
    public final Outcome at(NamedArrays theta, Sides sides) {
        Prediction prediction = predict(theta, sides);
        double loss = loss(prediction.query(), task.query());
        double objective = prediction
                .queryVariance()
                .map(variance -> negativeLogDensity(prediction.query(), variance, task.query()))
                .orElse(loss);
        return new Outcome(
                objective + prediction.penalty(),
                loss,
                loss(prediction.support(), task.support()),
                task.layout().classification()
                        ? OptionalDouble.of(Classes.accuracy(prediction.query(), task.query()))
                        : OptionalDouble.empty(),
                List.of(),
                Examples.flat(prediction.query()),
                probabilities(prediction.query()));
    }

    @Override
    public final NamedArrays known(NamedArrays theta) {
        return predict(theta, new Sides()).statistics();
    }

    /** The weighted mean over examples of -log N(target; output, variance). */
    private static double negativeLogDensity(double[][] outputs, double[] variance, Examples examples) {
        double total = 0;
        for (int i = 0; i < outputs.length; i++) {
            double difference = outputs[i][0] - examples.y()[i];
            double log = StrictMath.log(2 * StrictMath.PI * variance[i]);
            total += examples.weight(i) * (difference * difference / variance[i] + log) / 2;
        }
        return total / examples.totalWeight();
    }

    /** The weighted mean over examples of the mean of (output - target)². */
    static double meanSquaredError(double[][] outputs, Examples examples) {
        double total = 0;
        double[][] targets = examples.targets();
        for (int i = 0; i < outputs.length; i++) {
            for (int j = 0; j < outputs[i].length; j++) {
                double difference = outputs[i][j] - targets[i][j];
                total += examples.weight(i) * difference * difference / outputs[i].length;
            }
        }
        return total / examples.totalWeight();
    }
}
