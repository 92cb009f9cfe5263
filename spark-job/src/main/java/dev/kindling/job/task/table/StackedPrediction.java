package dev.kindling.job.task.table;

import java.util.List;

/**
 * Features that are predictions of the label by boosted trees (stacking). The trees see the features of a row's columns. A
 * training group gets the trees that were fitted without its fold, all other groups those of all training groups. Immutable.
 *
 * @param names of the features
 * @param limit largest magnitude of a prediction before it is standardised; infinite if there is none
 * @param fits the trees of each feature: those of all training groups, then those without one fold each
 * @param scales of the features over the rows of training groups
 */
public record StackedPrediction(
        List<String> names, double limit, List<List<BoostedTrees>> fits, List<ColumnEncoding.Effects.Scale> scales) {
    /** The beginning of the features' names. */
    public static final String NAME = "stacked prediction";

    public StackedPrediction {
        names = List.copyOf(names);
        fits = fits.stream().map(List::copyOf).toList();
        scales = List.copyOf(scales);
    }

    /** The number of column features that the trees of all fits read at least. */
    int width() {
        return fits.stream()
                .flatMap(List::stream)
                .mapToInt(BoostedTrees::width)
                .max()
                .orElse(0);
    }

    /** The feature before it is standardised. */
    public double prediction(float[] row, int fit, int output) {
        double value = fits.get(fit).get(output).predict(row);
        return Math.max(-limit, Math.min(limit, value));
    }

    /**
     * Writes the features of one row behind those of its columns.
     *
     * @param row the row's features, of which those of its columns are there
     * @param fit 0 for the trees of all training groups, f + 1 for those fitted without the groups of fold f
     * @param clip the largest magnitude of a standardised number
     * @param offset of the first feature to write
     */
    void encode(float[] row, int fit, double clip, int offset) {
        for (int output = 0; output < scales.size(); output++) {
            row[offset + output] = scales.get(output).standardised(prediction(row, fit, output), clip);
        }
    }
}
