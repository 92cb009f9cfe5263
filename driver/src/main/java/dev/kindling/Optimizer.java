package dev.kindling;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A meta-optimizer as it is configured; made by {@link Optimizers}. Immutable. */
public final class Optimizer {
    private static final String GROUPS = "optimizer.groups";
    private static final String PARAMETERS = "parameters";
    private static final String RATE_FACTOR = "learning-rate-factor";

    private final Map<String, Object> settings;

    private Optimizer(Map<String, Object> settings) {
        this.settings = Map.copyOf(settings);
    }

    static Optimizer of(String name, LearningRate rate) {
        return new Optimizer(Map.of("optimizer.name", name, "optimizer.learning-rate", rate.value()));
    }

    /** The same with meta-gradients of a larger norm scaled down to this norm. */
    public Optimizer clipNorm(double largest) {
        return with("optimizer.clip-norm", largest);
    }

    /** The same with every component of a meta-gradient limited to this magnitude. */
    public Optimizer clipValue(double largest) {
        return with("optimizer.clip-value", largest);
    }

    /**
     * The same with a decoupled weight decay λ: each round also reduces θ by λ times the learning rate times θ; at least 0.
     */
    public Optimizer weightDecay(double decay) {
        return with("optimizer.weight-decay", decay);
    }

    /** The same with another decay rate of the velocity, for momentum and Nesterov momentum; at least 0, below 1. */
    public Optimizer momentum(double decayRate) {
        return with("optimizer.momentum", decayRate);
    }

    /** The same with another decay rate of the mean of gradients; at least 0, below 1. */
    public Optimizer beta1(double decayRate) {
        return with("optimizer.beta1", decayRate);
    }

    /** The same with another decay rate of the mean of squares; at least 0, below 1. */
    public Optimizer beta2(double decayRate) {
        return with("optimizer.beta2", decayRate);
    }

    /** The same with another ε, which is added to a divisor; above 0. */
    public Optimizer epsilon(double epsilon) {
        return with("optimizer.epsilon", epsilon);
    }

    /**
     * The same with a learning rate of their own for some parameters. Of several groups that match a parameter the first
     * applies.
     *
     * @param parameters a name or a pattern such as {@code 12_*}
     * @param rateFactor factor of the learning rate, at least 0
     */
    public Optimizer group(String parameters, double rateFactor) {
        return group(Map.of(PARAMETERS, parameters, RATE_FACTOR, rateFactor));
    }

    /**
     * The same with a learning rate and a weight decay of their own for some parameters.
     *
     * @param parameters a name or a pattern such as {@code 12_*}
     * @param rateFactor factor of the learning rate, at least 0
     * @param weightDecay λ, at least 0
     */
    public Optimizer group(String parameters, double rateFactor, double weightDecay) {
        return group(Map.of(PARAMETERS, parameters, RATE_FACTOR, rateFactor, "weight-decay", weightDecay));
    }

    private Optimizer group(Map<String, Object> group) {
        List<Object> groups = new ArrayList<>();
        if (settings.get(GROUPS) instanceof List<?> before) {
            groups.addAll(before);
        }
        groups.add(group);
        return with(GROUPS, List.copyOf(groups));
    }

    Optimizer with(String key, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(settings);
        more.put(key, value);
        return new Optimizer(more);
    }

    Map<String, Object> settings() {
        return settings;
    }
}
