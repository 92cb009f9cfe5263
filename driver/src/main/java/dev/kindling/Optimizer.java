package dev.kindling;

import java.util.LinkedHashMap;
import java.util.Map;

/** A meta-optimizer as it is configured; made by {@link Optimizers}. Immutable. */
public final class Optimizer {
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

    Optimizer with(String key, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(settings);
        more.put(key, value);
        return new Optimizer(more);
    }

    Map<String, Object> settings() {
        return settings;
    }
}
