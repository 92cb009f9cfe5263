package dev.kindling.driver.optimizer;

import dev.kindling.job.optimizer.Coefficient;
import dev.kindling.job.optimizer.Coefficients;
import dev.kindling.job.optimizer.UpdateRule;
import dev.kindling.job.tensor.Layout;
import java.util.List;
import java.util.Locale;

/**
 * The settings of the meta-optimizer.
 *
 * @param rule {@code optimizer.name}
 * @param rate {@code optimizer.learning-rate}: the learning rate over {@code run.rounds}
 * @param coefficients {@code optimizer.momentum}, {@code .beta1}, {@code .beta2} and {@code .epsilon}
 * @param weightDecay {@code optimizer.weight-decay}: λ of a decoupled weight decay (Loshchilov and Hutter, ICLR 2019): in each
 *     round θ is also reduced by λ times the learning rate times θ; at least 0
 * @param groups {@code optimizer.groups}; of several groups that match a parameter the first applies
 */
public record OptimizerSettings(
        UpdateRule rule, Schedule rate, Coefficients coefficients, double weightDecay, List<ParameterGroup> groups) {
    /** Throws IllegalArgumentException if the decay or a coefficient of the rule is outside its range. */
    public OptimizerSettings {
        groups = List.copyOf(groups);
        requireFactor("optimizer.weight-decay", weightDecay);
        for (Coefficient coefficient : Coefficient.values()) {
            if (rule.uses(coefficient)) {
                coefficient.require("optimizer." + coefficient.key(), coefficients.get(coefficient));
            }
        }
    }

    /** A rule with its usual coefficients and weight decay, for all parameters alike. */
    public static OptimizerSettings of(UpdateRule rule, Schedule rate) {
        return new OptimizerSettings(rule, rate, rule.defaults(), rule.defaultWeightDecay(), List.of());
    }

    /** The value of {@code optimizer.name}. */
    String key() {
        return rule.name().toLowerCase(Locale.ROOT);
    }

    /** Gradient descent without weight decay. */
    public static OptimizerSettings descent(Schedule rate) {
        return of(UpdateRule.SGD, rate);
    }

    /** Throws IllegalArgumentException if a pattern of {@link #groups} matches none of the parameters. */
    public void requireMatches(Layout parameters) {
        groups.forEach(group -> group.matching(UpdateProgram.memberArrays(parameters)));
    }

    static void requireFactor(String key, double value) {
        if (!(value >= 0) || Double.isInfinite(value)) {
            throw new IllegalArgumentException(key + " is " + value + "; it must be a finite number, 0 or above");
        }
    }
}
