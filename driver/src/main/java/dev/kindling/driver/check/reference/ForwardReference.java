package dev.kindling.driver.check.reference;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** A method that predicts from the support set in one pass. */
abstract class ForwardReference implements Reference {
    /**
     * What is predicted.
     *
     * @param support outputs for the support examples, in rows
     * @param query outputs for the queries
     * @param followed what statistics contribute
     */
    record Prediction(double[][] support, double[][] query, NamedArrays followed) {}

    private final TaskContext task;

    ForwardReference(TaskContext task) {
        this.task = task;
    }

    final TaskContext task() {
        return task;
    }

    abstract Prediction predict(NamedArrays theta, Sides sides);

    /** The loss of outputs against targets. */
    abstract double loss(double[][] outputs, double[] targets);

    /** The classes' probabilities, if the outputs are logits. */
    Optional<double[]> probabilities(double[][] outputs) {
        return Optional.empty();
    }

    @Override
    public final Outcome at(NamedArrays theta) {
        Sides sides = new Sides();
        Prediction prediction = predict(theta, sides);
        double loss = loss(prediction.query(), task.query().y());
        return new Outcome(
                loss,
                loss,
                loss(prediction.support(), task.support().y()),
                task.layout().classification()
                        ? OptionalDouble.of(Classes.accuracy(
                                prediction.query(), task.query().y()))
                        : OptionalDouble.empty(),
                List.of(),
                Examples.flat(prediction.query()),
                probabilities(prediction.query()),
                sides.hash());
    }

    @Override
    public final NamedArrays known(NamedArrays theta) {
        return predict(theta, new Sides()).followed();
    }

    /** The mean of (output - target)² over all numbers. */
    static double meanSquaredError(double[][] outputs, double[] targets) {
        double total = 0;
        int width = outputs[0].length;
        for (int i = 0; i < outputs.length; i++) {
            for (int j = 0; j < width; j++) {
                double difference = outputs[i][j] - targets[i * width + j];
                total += difference * difference;
            }
        }
        return total / targets.length;
    }
}
