package dev.kindling.driver.training;

import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.Statistics;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * How well θ adapts to the tasks of the validation split, after {@code algorithm.inner-steps} steps.
 *
 * @param round how many rounds θ had seen
 * @param loss mean over the tasks that are finite; NaN if none is
 * @param accuracy the same, a fraction; empty for regression
 * @param diverged how many tasks are not finite
 */
public record Validation(long round, double loss, OptionalDouble accuracy, int diverged) {
    static Validation of(long round, Evaluation evaluation) {
        Evaluation.Step last = evaluation.steps().get(evaluation.steps().size() - 1);
        OptionalDouble accuracy = last.accuracy().map(Statistics::mean).stream()
                .mapToDouble(mean -> mean)
                .findFirst();
        return new Validation(round, last.loss().mean(), accuracy, last.loss().diverged());
    }

    /**
     * Whether it is better: fewer tasks that diverge; among as many a higher accuracy, or for regression a lower loss.
     * What is equal is not better.
     */
    boolean isBetterThan(Validation other) {
        if (diverged != other.diverged) {
            return diverged < other.diverged;
        }
        return (accuracy.isPresent() && other.accuracy.isPresent())
                ? accuracy.getAsDouble() > other.accuracy.getAsDouble()
                : loss < other.loss;
    }

    @Override
    public String toString() {
        String measure = accuracy.isPresent()
                ? String.format(Locale.ROOT, "accuracy %.4f", accuracy.getAsDouble())
                : String.format(Locale.ROOT, "loss %.4f", loss);
        return "validation after round " + round + ": " + measure
                + (diverged > 0 ? ", " + diverged + " tasks diverged" : "");
    }
}
