package dev.kindling.job.model;

/**
 * Options of a network of fully connected layers, in addition to its name.
 *
 * @param dropout share of the units of each hidden layer that is dropped in training, at least 0 and below 1;
 *     {@code model.dropout}
 * @param layerNorm whether layer norm is applied before the activation of each hidden layer; {@code model.layer-norm}
 * @param skip whether the output layer reads the network's inputs beside the last hidden layer; {@code model.skip}
 */
public record NetworkOptions(double dropout, boolean layerNorm, boolean skip) {
    /** No dropout, no layer norm, no skip. */
    public static final NetworkOptions NONE = new NetworkOptions(0, false, false);

    /** Validates the options; IllegalArgumentException if the share is out of range. */
    public NetworkOptions {
        if (!(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException("model.dropout is " + dropout + "; it must be at least 0 and below 1");
        }
    }

    /** Whether the hidden layers have options. */
    boolean changesLayers() {
        return dropout > 0 || layerNorm;
    }

    /** The options that are set, as a clause; the first of them. */
    String clause() {
        if (dropout > 0) {
            return "model.dropout is " + dropout;
        }
        return layerNorm ? "model.layer-norm is true" : "model.skip is true";
    }
}
