package dev.kindling.driver.checkpoint;

import java.util.Locale;
import java.util.OptionalDouble;

/**
 * The scores of θ on the tasks of the validation split, after {@code algorithm.inner-steps} inner steps.
 *
 * @param round number of rounds of meta-training that θ has had
 * @param loss mean query loss over the tasks whose loss is finite, or over their rows; NaN if there is none
 * @param accuracy mean query accuracy over the same tasks, a fraction; empty for regression
 * @param diverged number of tasks whose loss is not finite
 */
public record Validation(long round, double loss, OptionalDouble accuracy, int diverged) {
    /** The score by which the best θ is chosen. */
    public enum Measure {
        /** The mean query accuracy; the loss for regression. */
        ACCURACY,
        /** The mean query loss, which for classes also measures how good the probabilities are. */
        LOSS,
        /** The mean loss of the query rows of all tasks together, so that every row counts the same; for tables. */
        LOSS_OVER_ROWS
    }

    /** Whether these scores are better: fewer diverged tasks; with equally many, the better measure. Equal scores are not better. */
    public boolean isBetterThan(Validation other, Measure measure) {
        if (diverged != other.diverged) {
            return diverged < other.diverged;
        }
        return (measure == Measure.ACCURACY && accuracy.isPresent() && other.accuracy.isPresent())
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
