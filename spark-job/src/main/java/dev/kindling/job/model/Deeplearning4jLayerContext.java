package dev.kindling.job.model;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A layer of a Deeplearning4j configuration, and what is said when something about it cannot be had.
 *
 * @param subject the beginning of the sentence
 */
record Deeplearning4jLayerContext(String subject, int index, org.deeplearning4j.nn.conf.layers.Layer layer) {
    /** The refusal of the layer for what it has or does. */
    IllegalArgumentException refusal(String what) {
        String name = layer.getLayerName();
        return new IllegalArgumentException(
                subject + ", whose layer " + index + " (" + (name == null ? "" : NetworkFile.shown(name) + ", ")
                        + layer.getClass().getSimpleName() + ") " + what);
    }

    /** What an attempt gives; its IllegalArgumentException names the layer, if it did not. */
    <T> T fitting(Supplier<T> attempt) {
        try {
            return attempt.get();
        } catch (IllegalArgumentException e) {
            String message = String.valueOf(e.getMessage());
            throw message.startsWith(subject)
                    ? e
                    : new IllegalArgumentException(
                            refusal("does not fit: " + message).getMessage(), e);
        }
    }

    /** Refuses a setting that has another value than the one that is supported; what is not set counts as that one. */
    void require(String setting, @Nullable Object value, Object supported) {
        if (value != null && !Objects.equals(value, supported)) {
            throw refusal("has " + setting + " " + value + "; only " + supported + " is supported");
        }
    }

    /** The value of a setting that must be there. */
    <T> T present(String setting, @Nullable T value) {
        if (value == null) {
            throw refusal("has no " + setting);
        }
        return value;
    }

    void requireAbsent(String setting, @Nullable Object value) {
        if (value != null) {
            throw refusal("has " + setting + " " + value.getClass().getSimpleName() + ", which is not supported");
        }
    }

    void requireNone(String setting, @Nullable List<?> values) {
        if (values != null && !values.isEmpty()) {
            throw refusal("has " + setting + " "
                    + values.stream()
                            .map(value -> value.getClass().getSimpleName())
                            .toList()
                    + ", which is not supported");
        }
    }

    void requireOnes(String setting, int @Nullable [] values) {
        if (values != null && Arrays.stream(values).anyMatch(value -> value != 1)) {
            throw refusal("has " + setting + " " + Arrays.toString(values) + "; only 1 is supported");
        }
    }

    /**
     * How many inputs the layer has: as configured, or as they come where nothing is configured.
     *
     * @param comes what the layer before gives
     */
    int inputs(long configured, int comes, Object shape) {
        if (configured != 0 && configured != comes) {
            throw refusal(
                    "has nIn " + configured + "; what comes to it has " + comes + ", in examples of shape " + shape);
        }
        return comes;
    }

    int outputs(long configured) {
        if (configured < 1 || configured > Integer.MAX_VALUE) {
            throw refusal("has nOut " + configured + "; it must be at least 1");
        }
        return (int) configured;
    }
}
