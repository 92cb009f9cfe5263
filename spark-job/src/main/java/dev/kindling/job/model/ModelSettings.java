package dev.kindling.job.model;

/**
 * What is configured under {@code model}.
 *
 * @param network name of a preset
 * @param initializer {@link #PRESETS_OWN}, or the name of an initialiser for all weights
 * @param batchNorm whose statistics batch norm uses for queries: {@code query}, {@code support-and-query},
 *     {@code support-and-one} or {@code running}
 */
public record ModelSettings(String network, String initializer, String batchNorm) {
    /** The value of {@code model.initializer} that leaves each preset its own. */
    public static final String PRESETS_OWN = "preset";

    private static final String QUERY = "query";

    /**
     * Validates the settings.
     *
     * @throws IllegalArgumentException naming the key, its value and what is allowed
     */
    public ModelSettings {
        Preset.named(network);
        if (!initializer.equals(PRESETS_OWN)) {
            Initializer.named(initializer);
        }
        Normalisation.named(batchNorm);
    }

    /** The named preset as it stands. */
    public static ModelSettings preset(String network) {
        return new ModelSettings(network, PRESETS_OWN, QUERY);
    }
}
