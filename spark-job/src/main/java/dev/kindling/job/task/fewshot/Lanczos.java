package dev.kindling.job.task.fewshot;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Resizes planes of 8-bit samples with the Lanczos kernel of radius 3 (sinc(x) sinc(x/3)), its support widened by the
 * reduction factor so that no source pixel is skipped: a thin stroke becomes fainter but does not vanish, as it does with the
 * JDK's scaling. The arithmetic is bitwise that of Pillow's LANCZOS in 8-bit mode: rows first, then columns (recent
 * versions of Pillow reverse the order for images much taller than wide), each pass in fixed point with 22 fraction
 * bits and rounded to 8 bits.
 */
final class Lanczos {
    private static final int RADIUS = 3;
    private static final int FRACTION_BITS = 22;
    private static final int HALF = 1 << (FRACTION_BITS - 1);

    private final int to;
    private final int taps;
    private final int[] first;
    private final int[] count;
    private final int[] weights;

    /** The weights that resize lines of {@code from} pixels to lines of {@code to} pixels. */
    private Lanczos(int from, int to) {
        this.to = to;
        double scale = (double) from / to;
        double stretch = Math.max(scale, 1);
        double support = RADIUS * stretch;
        this.taps = (int) Math.ceil(support) * 2 + 1;
        this.first = new int[to];
        this.count = new int[to];
        this.weights = new int[to * taps];
        for (int i = 0; i < to; i++) {
            double centre = (i + 0.5) * scale;
            first[i] = Math.max(0, (int) (centre - support + 0.5));
            count[i] = Math.min(from, (int) (centre + support + 0.5)) - first[i];
            computeWeights(i, centre, stretch);
        }
    }

    private void computeWeights(int i, double centre, double stretch) {
        double[] raw = new double[count[i]];
        double sum = 0;
        for (int k = 0; k < raw.length; k++) {
            raw[k] = kernel((first[i] + k - centre + 0.5) * (1 / stretch));
            sum += raw[k];
        }
        for (int k = 0; k < raw.length; k++) {
            double weight = raw[k] / sum * (1 << FRACTION_BITS);
            weights[i * taps + k] = (int) (weight < 0 ? weight - 0.5 : weight + 0.5);
        }
    }

    private static double kernel(double x) {
        return x >= -RADIUS && x < RADIUS ? sinc(x) * sinc(x / RADIUS) : 0;
    }

    private static double sinc(double x) {
        return x == 0 ? 1 : StrictMath.sin(x * Math.PI) / (x * Math.PI);
    }

    /** Filters {@code lines} lines; pixel p of line l is at {@code l * line + p * pixel}. */
    private void apply(byte[] source, byte[] target, int lines, int sourceLine, int targetLine, int pixel) {
        for (int line = 0; line < lines; line++) {
            for (int i = 0; i < to; i++) {
                int sum = HALF;
                int at = line * sourceLine + first[i] * pixel;
                for (int k = 0; k < count[i]; k++) {
                    sum += (source[at + k * pixel] & 0xff) * weights[i * taps + k];
                }
                target[line * targetLine + i * pixel] = (byte) Math.max(0, Math.min(255, sum >> FRACTION_BITS));
            }
        }
    }

    /** Resizes images to squares of one size; caches the weights of each line length. Thread-safe. */
    static final class ToSquare {
        private final int size;
        private final Map<Integer, Lanczos> byLength = new ConcurrentHashMap<>();

        /** A resizer to {@code size} by {@code size} pixels. */
        ToSquare(int size) {
            this.size = size;
        }

        /**
         * The image as a square, whatever its proportions.
         *
         * @param samples of the source, row-major, 0 to 255
         */
        byte[] resize(byte[] samples, int width, int height) {
            byte[] narrow = new byte[height * size];
            weights(width).apply(samples, narrow, height, width, size, 1);
            byte[] small = new byte[size * size];
            weights(height).apply(narrow, small, size, 1, 1, size);
            return small;
        }

        private Lanczos weights(int length) {
            return byLength.computeIfAbsent(length, from -> new Lanczos(from, size));
        }
    }
}
