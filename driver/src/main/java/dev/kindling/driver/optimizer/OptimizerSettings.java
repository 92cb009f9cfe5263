package dev.kindling.driver.optimizer;

/**
 * Which meta-optimizer, and how fast.
 *
 * @param type {@code optimizer.name}
 * @param rate {@code optimizer.learning-rate}, over {@code run.rounds}
 * @param weightDecay {@code optimizer.weight-decay}, the share of θ that a method with decay takes away in each round, times
 *     the rate; at least 0
 */
public record OptimizerSettings(MetaOptimizerType type, Schedule rate, double weightDecay) {
    /** Refuses a decay that is negative or not finite with IllegalArgumentException. */
    public OptimizerSettings {
        if (!(weightDecay >= 0) || Double.isInfinite(weightDecay)) {
            throw new IllegalArgumentException(
                    "optimizer.weight-decay is " + weightDecay + "; it must be a finite number, 0 or above");
        }
    }

    /** The decay of the method: 0 for one that has none. */
    double decay() {
        return type.decays() ? weightDecay : 0;
    }
}
