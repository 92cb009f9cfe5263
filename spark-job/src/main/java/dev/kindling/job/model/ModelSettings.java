package dev.kindling.job.model;

import java.util.Optional;

/**
 * The settings under {@code model}.
 *
 * @param network name of a preset, or of a file
 * @param initializer {@link #PRESETS_OWN}, or the name of an initialiser for all weights
 * @param batchNorm the statistics that batch norm uses for queries: {@code query}, {@code support-and-query},
 *     {@code support-and-one} or {@code running}
 * @param options of a network of fully connected layers
 * @param file the content of the file if {@code network} names one
 */
public record ModelSettings(
        String network, String initializer, String batchNorm, NetworkOptions options, Optional<NetworkFile> file) {
    /** The value of {@code model.initializer} that selects the initialisers of the preset or file. */
    public static final String PRESETS_OWN = "preset";

    private static final String QUERY = "query";
    private static final String RUNNING = "running";

    /**
     * Validates the settings.
     *
     * @throws IllegalArgumentException naming the key, its value and what is allowed
     */
    public ModelSettings {
        if (file.isEmpty()) {
            NamedNetworks.require(network, options);
        } else if (!options.equals(NetworkOptions.NONE)) {
            throw new IllegalArgumentException(options.clause() + " and model.network is the file " + network
                    + "; it must be mlp-UNITS[-UNITS...][-ACTIVATION] or layers then");
        }
        if (!initializer.equals(PRESETS_OWN)) {
            Initializer.named(initializer);
        }
        BatchNormMode.named(batchNorm);
    }

    /** The settings of a network without options. */
    public ModelSettings(String network, String initializer, String batchNorm, Optional<NetworkFile> file) {
        this(network, initializer, batchNorm, NetworkOptions.NONE, file);
    }

    /** The settings of a preset. */
    public ModelSettings(String network, String initializer, String batchNorm) {
        this(network, initializer, batchNorm, Optional.empty());
    }

    /** The named preset without changes. */
    public static ModelSettings preset(String network) {
        return new ModelSettings(network, PRESETS_OWN, QUERY);
    }

    /** Whether a network has this name without a file. */
    public static boolean isPreset(String network) {
        return NamedNetworks.has(network);
    }

    /** The same settings with another initialiser. */
    public ModelSettings withInitializer(String other) {
        return new ModelSettings(network, other, batchNorm, options, file);
    }

    /** The same settings with batch norm's running statistics as parameters, {@code i_mean} and {@code i_var}. */
    public ModelSettings withStatistics() {
        return new ModelSettings(network, initializer, RUNNING, options, file);
    }

    /** The initialiser of all weights; empty to use those of the preset or file. */
    Optional<Initializer> chosenInitializer() {
        return initializer.equals(PRESETS_OWN) ? Optional.empty() : Optional.of(Initializer.named(initializer));
    }
}
