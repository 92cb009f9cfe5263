package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Window;
import java.util.Arrays;

/** Kernels of pooling and padding of channels-last images. Sums and searches visit windows in row-major order. */
final class FloatPooling {
    private FloatPooling() {}

    /** d = images with zero padding. */
    static void pad(
            float[] d, int dAt, WindowIndexTable.PaddedImages paddedImages, int height, int width, float[] a, int aAt) {
        int run = width * paddedImages.channels();
        int at = dAt;
        for (int image = 0; image < paddedImages.images(); image++) {
            for (int row = 0; row < height; row++) {
                int to = dAt + paddedImages.offset(image, row, 0);
                Arrays.fill(d, at, to, 0f);
                System.arraycopy(a, aAt + (image * height + row) * run, d, to, run);
                at = to + run;
            }
        }
        Arrays.fill(d, at, dAt + paddedImages.size(), 0f);
    }

    /** WINDOW_SUM: d [outputs] = sums over windows of a; WINDOW_SPREAD: d [inputs] = each element of a added to its window. */
    static void sum(Op op, Window w, int images, int channels, float[] d, int dAt, float[] a, int aAt) {
        boolean spread = op == Op.WINDOW_SPREAD;
        int in = w.height() * w.width() * channels;
        int out = w.outHeight() * w.outWidth() * channels;
        Arrays.fill(d, dAt, dAt + images * (spread ? in : out), 0f);
        for (int image = 0; image < images; image++) {
            for (int y = 0; y < w.outHeight(); y++) {
                for (int x = 0; x < w.outWidth(); x++) {
                    int output = image * out + (y * w.outWidth() + x) * channels;
                    for (int row = firstRow(w, y); row < lastRow(w, y); row++) {
                        for (int column = firstColumn(w, x); column < lastColumn(w, x); column++) {
                            int input = image * in + (row * w.width() + column) * channels;
                            int to = dAt + (spread ? input : output);
                            FloatElementwise.add(d, to, channels, d, to, a, aAt + (spread ? output : input));
                        }
                    }
                }
            }
        }
    }

    private static int firstRow(Window w, int y) {
        return Math.max(0, y * w.rowStride() - w.top());
    }

    private static int lastRow(Window w, int y) {
        return Math.min(w.height(), y * w.rowStride() - w.top() + w.kernelHeight());
    }

    private static int firstColumn(Window w, int x) {
        return Math.max(0, x * w.columnStride() - w.left());
    }

    private static int lastColumn(Window w, int x) {
        return Math.min(w.width(), x * w.columnStride() - w.left() + w.kernelWidth());
    }

    /**
     * POOL_GATHER: d [outputs] = b [inputs] at the first maxima of the windows of a; POOL_SCATTER: d [inputs] = b [outputs]
     * added there. A NaN compares as greater than every number.
     */
    static void pool(
            Op op, Window w, int images, int channels, float[] d, int dAt, float[] a, int aAt, float[] b, int bAt) {
        boolean scatter = op == Op.POOL_SCATTER;
        int in = w.height() * w.width() * channels;
        int out = w.outHeight() * w.outWidth() * channels;
        if (scatter) {
            Arrays.fill(d, dAt, dAt + images * in, 0f);
        }
        for (int image = 0; image < images; image++) {
            for (int y = 0; y < w.outHeight(); y++) {
                for (int x = 0; x < w.outWidth(); x++) {
                    int output = image * out + (y * w.outWidth() + x) * channels;
                    for (int c = 0; c < channels; c++) {
                        int best = image * in + c + channels * first(w, y, x, a, aAt + image * in + c, channels);
                        if (scatter) {
                            d[dAt + best] += b[bAt + output + c];
                        } else {
                            d[dAt + output + c] = b[bAt + best];
                        }
                    }
                }
            }
        }
    }

    /** The pixel index of the first maximum of one channel in one window. */
    private static int first(Window w, int y, int x, float[] a, int aAt, int channels) {
        int best = firstRow(w, y) * w.width() + firstColumn(w, x);
        float max = a[aAt + best * channels];
        for (int row = firstRow(w, y); row < lastRow(w, y); row++) {
            for (int column = firstColumn(w, x); column < lastColumn(w, x); column++) {
                int pixel = row * w.width() + column;
                float next = a[aAt + pixel * channels];
                if (next > max || (Float.isNaN(next) && !Float.isNaN(max))) {
                    best = pixel;
                    max = next;
                }
            }
        }
        return best;
    }
}
