package dev.kindling.driver.table;

import java.util.Arrays;

/**
 * The division of each feature's values into at most {@value #MOST} bins for histograms: a bin for each value if there are no
 * more, otherwise bins of about equally many rows. Borders lie half-way between neighbouring values.
 */
final class FeatureBins {
    /** The most bins of a feature; their numbers fit in a byte. */
    static final int MOST = 128;

    private final float[][] borders;
    private final byte[] bins;

    /**
     * The bins of rows.
     *
     * @param features row by row
     */
    FeatureBins(float[] features, int width) {
        int rows = features.length / width;
        this.borders = new float[width][];
        this.bins = new byte[features.length];
        float[] column = new float[rows];
        for (int feature = 0; feature < width; feature++) {
            for (int row = 0; row < rows; row++) {
                column[row] = features[row * width + feature];
            }
            Arrays.sort(column);
            borders[feature] = borders(column);
            for (int row = 0; row < rows; row++) {
                bins[row * width + feature] = bin(borders[feature], features[row * width + feature]);
            }
        }
    }

    private static float[] borders(float[] sorted) {
        int values = sorted.length == 0 ? 0 : 1;
        for (int i = 1; i < sorted.length; i++) {
            values += sorted[i] > sorted[i - 1] ? 1 : 0;
        }
        int least = values <= MOST ? 1 : (sorted.length + MOST - 1) / MOST;
        float[] borders = new float[Math.min(values, MOST)];
        int count = 0;
        int begin = 0;
        for (int i = 1; i < sorted.length; i++) {
            if (sorted[i] > sorted[i - 1] && i - begin >= least) {
                borders[count++] = between(sorted[i - 1], sorted[i]);
                begin = i;
            }
        }
        return Arrays.copyOf(borders, count);
    }

    /** A number that is at least {@code low} and below {@code high}. */
    private static float between(float low, float high) {
        float middle = low + (high - low) / 2;
        return middle < high ? middle : low;
    }

    private static byte bin(float[] borders, float value) {
        int at = Arrays.binarySearch(borders, value);
        return (byte) (at >= 0 ? at : -at - 1);
    }

    /** The bin of each feature, row by row. */
    byte[] bins() {
        return bins;
    }

    /** The number of bins of a feature. */
    int count(int feature) {
        return borders[feature].length + 1;
    }

    /** The largest value of a bin that is not the last. */
    float border(int feature, int bin) {
        return borders[feature][bin];
    }
}
