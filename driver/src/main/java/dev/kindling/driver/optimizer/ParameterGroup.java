package dev.kindling.driver.optimizer;

import dev.kindling.job.algorithm.NamePatterns;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Parameters with a learning rate or a weight decay of their own, one element of {@code optimizer.groups}.
 *
 * @param parameters patterns of names, in which {@code *} matches any text
 * @param rateFactor factor of the learning rate, at least 0; with 0 the parameters stay as they are
 * @param weightDecay λ; empty for {@code optimizer.weight-decay}
 */
public record ParameterGroup(List<String> parameters, double rateFactor, OptionalDouble weightDecay) {
    /** The key of the groups. */
    public static final String KEY = "optimizer.groups";

    /** Throws IllegalArgumentException if there is no pattern, or a number is negative or not finite. */
    public ParameterGroup {
        parameters = new NamePatterns(KEY, parameters).patterns();
        OptimizerSettings.requireFactor(KEY + " learning-rate-factor", rateFactor);
        weightDecay.ifPresent(decay -> OptimizerSettings.requireFactor(KEY + " weight-decay", decay));
    }

    /** The names of the group's parameters; IllegalArgumentException if a pattern matches none. */
    List<String> matching(List<String> names) {
        return new NamePatterns(KEY, parameters).matching(names);
    }
}
