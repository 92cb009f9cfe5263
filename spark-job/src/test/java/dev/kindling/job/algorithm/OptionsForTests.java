package dev.kindling.job.algorithm;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A method's configuration from a map, with the defaults of the reference configuration. */
record OptionsForTests(Map<String, Object> values) implements AlgorithmConfig {
    static OptionsForTests usual() {
        Map<String, Object> values = new HashMap<>();
        values.put("algorithm.inner-learning-rate", 0.01);
        values.put("algorithm.inner-steps", 1);
        values.put("algorithm.inner-optimizer", "sgd");
        values.put("algorithm.unroll", "auto");
        values.put("algorithm.inner-beta1", 0.9);
        values.put("algorithm.inner-beta2", 0.999);
        values.put("algorithm.inner-epsilon", 1e-8);
        values.put("anil.adapt", List.of("head"));
        values.put("proto-maml.adapt", List.of("*"));
        values.put("meta-sgd.learning-rate", List.of(0.005, 0.1));
        values.put("maml-plus-plus.anneal", 0);
        values.put("maml-plus-plus.first-order-until", 0);
        values.put("maml-plus-plus.adapt-normalisation", false);
        values.put("imaml.lambda", 2);
        values.put("imaml.solver", "cg");
        values.put("imaml.product", "exact");
        values.put("imaml.max-iterations", 5);
        values.put("imaml.damping", 0);
        values.put("imaml.tolerance", 0);
        values.put("imaml.relaxation", 0.5);
        values.put("proto-net.measure", "euclidean");
        values.put("proto-net.scale", 1);
        values.put("hypernetwork.width", 6);
        values.put("hypernetwork.scale", 0.1);
        values.put("cnp.width", 6);
        values.put("bayesian-linear.features", 6);
        values.put("bayesian-linear.order-kernel", true);
        values.put("bayesian-linear.embedding-size", 3);
        values.put("bayesian-linear.embedding-penalty", 0.5);
        values.put("ridge-head.penalty", 0.5);
        values.put("logistic-head.penalty", 0.5);
        values.put("transfer.engine", "rounds");
        values.put("transfer.workers", 2);
        values.put("transfer.learning-rate", 0.01);
        values.put("reptile.step", 1.0);
        values.put("reptile.batch", 0);
        values.put("reptile.evaluation-batch", 0);
        values.put("reptile.carry-moments", false);
        values.put("reptile.islands", 0);
        values.put("reptile.island-steps", 1);
        values.put("reptile.island-rate", 1);
        return new OptionsForTests(values);
    }

    /** The same options with one value changed. */
    OptionsForTests with(String key, Object value) {
        Map<String, Object> changed = new HashMap<>(values);
        changed.put(key, value);
        return new OptionsForTests(changed);
    }

    /** The same options with another inner loop. */
    OptionsForTests with(double rate, int steps) {
        return with("algorithm.inner-learning-rate", rate).with("algorithm.inner-steps", steps);
    }

    private Object value(String key) {
        Object value = values.get(key);
        if (value == null) {
            throw new IllegalStateException("no option " + key);
        }
        return value;
    }

    @Override
    public double number(String key) {
        return ((Number) value(key)).doubleValue();
    }

    @Override
    public int count(String key) {
        return ((Number) value(key)).intValue();
    }

    @Override
    public boolean bool(String key) {
        return (Boolean) value(key);
    }

    @Override
    public List<String> strings(String key) {
        return ((List<?>) value(key)).stream().map(Object::toString).toList();
    }

    @Override
    public List<Double> range(String key) {
        return ((List<?>) value(key))
                .stream().map(end -> ((Number) end).doubleValue()).toList();
    }

    @Override
    public boolean isKeyword(String key, String word) {
        return value(key).equals(word);
    }

    @Override
    public <E extends Enum<E>> E choice(String key, Class<E> type) {
        return Arrays.stream(type.getEnumConstants())
                .filter(one ->
                        one.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(value(key)))
                .findFirst()
                .orElseThrow();
    }
}
