package dev.kindling;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/** A network as it is configured; made by {@link Networks}. Immutable. */
public final class NetworkSpec {
    private final Map<String, Object> settings;
    private final OptionalInt inputs;
    private final OptionalInt outputs;

    private NetworkSpec(Map<String, Object> settings, OptionalInt inputs, OptionalInt outputs) {
        this.settings = Map.copyOf(settings);
        this.inputs = inputs;
        this.outputs = outputs;
    }

    static NetworkSpec of(String network) {
        return new NetworkSpec(Map.of("model.network", network), OptionalInt.empty(), OptionalInt.empty());
    }

    static NetworkSpec of(String network, int inputs, int outputs) {
        return new NetworkSpec(Map.of("model.network", network), OptionalInt.of(inputs), OptionalInt.of(outputs));
    }

    /** The same with another initialiser for all weights: {@code fan-in-uniform}, {@code glorot-normal}, ... */
    public NetworkSpec initializer(String name) {
        return with("model.initializer", name);
    }

    /** The same with other statistics of batch norm: {@code query}, {@code support-and-query}, {@code support-and-one} or {@code running}. */
    public NetworkSpec batchNorm(String mode) {
        return with("model.batch-norm", mode);
    }

    /**
     * The same with dropout after each hidden layer of {@code mlp-UNITS}.
     *
     * @param share of units that is dropped in training, at least 0 and below 1
     */
    public NetworkSpec dropout(double share) {
        return with("model.dropout", share);
    }

    /** The same with layer norm before the activation of each hidden layer of {@code mlp-UNITS}. */
    public NetworkSpec layerNorm() {
        return with("model.layer-norm", true);
    }

    /** The same with an output layer that reads the inputs beside the last hidden layer; for {@code mlp-UNITS} and layers. */
    public NetworkSpec skip() {
        return with("model.skip", true);
    }

    /** The same, refused unless the network file has this SHA-256. */
    public NetworkSpec sha256(String hash) {
        return with("model.network-hash", hash);
    }

    private NetworkSpec with(String key, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(settings);
        more.put(key, value);
        return new NetworkSpec(more, inputs, outputs);
    }

    Map<String, Object> settings() {
        return settings;
    }

    /** Inputs that the caller expects of an example; empty where the tasks decide. */
    OptionalInt inputs() {
        return inputs;
    }

    /** Outputs that the caller expects; empty where the tasks decide. */
    OptionalInt outputs() {
        return outputs;
    }
}
