package dev.kindling.driver.optimizer;

/**
 * The settings of the meta-optimizer.
 *
 * @param type {@code optimizer.name}
 * @param rate {@code optimizer.learning-rate}: the learning rate over {@code run.rounds}
 * @param weightDecay {@code optimizer.weight-decay}: the fraction of θ that a type with weight decay subtracts in each round,
 *     times the learning rate; at least 0
 */
public record OptimizerSettings(MetaOptimizerType type, Schedule rate, double weightDecay) {
    /** Throws IllegalArgumentException if the decay is negative or not finite. */
    public OptimizerSettings {
        if (!(weightDecay >= 0) || Double.isInfinite(weightDecay)) {
            throw new IllegalArgumentException(
                    "optimizer.weight-decay is " + weightDecay + "; it must be a finite number, 0 or above");
        }
    }

    /** The effective decay: 0 for a type without weight decay. */
    double decay() {
        return type.decays() ? weightDecay : 0;
    }
}
