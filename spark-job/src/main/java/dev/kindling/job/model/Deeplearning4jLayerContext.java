package dev.kindling.job.model;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A layer of a Deeplearning4j configuration with the error messages about it.
 *
 * @param subject the beginning of messages, naming the file
 * @param index of the layer in the configuration
 */
record Deeplearning4jLayerContext(String subject, int index, org.deeplearning4j.nn.conf.layers.Layer layer) {
    /** The exception that refuses the layer; {@code what} continues the message after the layer's name. */
    IllegalArgumentException refusal(String what) {
        String name = layer.getLayerName();
        return new IllegalArgumentException(
                subject + ", whose layer " + index + " (" + (name == null ? "" : NetworkFile.shown(name) + ", ")
                        + layer.getClass().getSimpleName() + ") " + what);
    }

    /** The result of the supplier; an IllegalArgumentException from it is extended by the layer's name if it lacks it. */
    <T> T namingLayer(Supplier<T> attempt) {
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

    /** Refuses a setting whose value is not the supported one; an absent setting passes. */
    void require(String setting, @Nullable Object value, Object supported) {
        if (value != null && !Objects.equals(value, supported)) {
            throw refusal("has " + setting + " " + value + "; only " + supported + " is supported");
        }
    }

    /** The value of a setting that is required. */
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
     * The number of inputs of the layer.
     *
     * @param configured number of inputs in the configuration, 0 if it is to be inferred
     * @param actual number of outputs of the layer before
     */
    int inputs(long configured, int actual, Object shape) {
        if (configured != 0 && configured != actual) {
            throw refusal(
                    "has nIn " + configured + "; what comes to it has " + actual + ", in examples of shape " + shape);
        }
        return actual;
    }

    int outputs(long configured) {
        if (configured < 1 || configured > Integer.MAX_VALUE) {
            throw refusal("has nOut " + configured + "; it must be at least 1");
        }
        return (int) configured;
    }
}
