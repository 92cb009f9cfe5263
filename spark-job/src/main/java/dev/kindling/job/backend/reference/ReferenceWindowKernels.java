package dev.kindling.job.backend.reference;

import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.List;

/** The kernels of convolution and pooling over images [n, h, w, c]: loops over all pairs of an output and an input in its window. */
final class ReferenceWindowKernels {
    /** Receives the pairs of an output and an input in its window. */
    private interface Visitor {
        /**
         * Visits a pair.
         *
         * @param image index of the image
         * @param tap row-major position in the window
         * @param in row-major position of the input's pixel in the image
         * @param out row-major position of the output's pixel in the image
         */
        void visit(int image, int tap, int in, int out);
    }

    private ReferenceWindowKernels() {}

    private static Window window(Value value) {
        return (Window) value.attributes();
    }

    /** Visits all pairs, ordered by image, output pixel and position in the window. */
    private static void walk(int images, Window w, Visitor visitor) {
        for (int image = 0; image < images; image++) {
            for (int out = 0; out < w.outHeight() * w.outWidth(); out++) {
                for (int tap = 0; tap < w.area(); tap++) {
                    int row = out / w.outWidth() * w.rowStride() - w.top() + tap / w.kernelWidth();
                    int column = out % w.outWidth() * w.columnStride() - w.left() + tap % w.kernelWidth();
                    if (row >= 0 && row < w.height() && column >= 0 && column < w.width()) {
                        visitor.visit(image, tap, row * w.width() + column, out);
                    }
                }
            }
        }
    }

    private static int inPixels(Window w) {
        return w.height() * w.width();
    }

    private static int outPixels(Window w) {
        return w.outHeight() * w.outWidth();
    }

    /** Receives the indices of the products x·k, each summed into y, from which all three convolutions are made. */
    private interface Triple {
        void add(int x, int k, int y);
    }

    private static void triples(int images, int in, int out, Window w, Triple triple) {
        walk(images, w, (image, tap, from, to) -> {
            int x = (image * inPixels(w) + from) * in;
            int y = (image * outPixels(w) + to) * out;
            for (int i = 0; i < in; i++) {
                for (int o = 0; o < out; o++) {
                    triple.add(x + i, (tap * in + i) * out + o, y + o);
                }
            }
        });
    }

    static double[] conv(Value value, List<double[]> args) {
        double[] images = args.get(0);
        double[] weights = args.get(1);
        double[] result = new double[value.shape().size()];
        withKernel(value, (x, k, y) -> result[y] += images[x] * weights[k]);
        return result;
    }

    static double[] convInput(Value value, List<double[]> args) {
        double[] cotangent = args.get(0);
        double[] weights = args.get(1);
        double[] result = new double[value.shape().size()];
        withKernel(value, (x, k, y) -> result[x] += cotangent[y] * weights[k]);
        return result;
    }

    /** The triples of a convolution whose second argument is the kernel. */
    private static void withKernel(Value value, Triple triple) {
        Shape kernel = value.arg(1).shape();
        triples(value.shape().dim(0), kernel.dim(2), kernel.dim(3), window(value), triple);
    }

    static double[] convKernel(Value value, List<double[]> args) {
        double[] images = args.get(0);
        double[] cotangent = args.get(1);
        double[] result = new double[value.shape().size()];
        int count = value.arg(0).shape().dim(0);
        triples(
                count,
                value.shape().dim(2),
                value.shape().dim(3),
                window(value),
                (x, k, y) -> result[k] += images[x] * cotangent[y]);
        return result;
    }

    /** For each output the index of its window's first maximum; a NaN compares as greater than every number. */
    private static int[] maxima(double[] images, int count, int channels, Window w) {
        int[] best = new int[count * outPixels(w) * channels];
        Arrays.fill(best, -1);
        walk(count, w, (image, tap, from, to) -> {
            for (int c = 0; c < channels; c++) {
                int at = (image * inPixels(w) + from) * channels + c;
                int y = (image * outPixels(w) + to) * channels + c;
                if (best[y] < 0
                        || images[at] > images[best[y]]
                        || (Double.isNaN(images[at]) && !Double.isNaN(images[best[y]]))) {
                    best[y] = at;
                }
            }
        });
        return best;
    }

    static double[] poolGather(Value value, List<double[]> args) {
        Shape shape = value.arg(0).shape();
        int[] best = maxima(args.get(0), shape.dim(0), shape.dim(3), window(value));
        double[] result = new double[best.length];
        for (int y = 0; y < best.length; y++) {
            result[y] = args.get(1)[best[y]];
        }
        return result;
    }

    static double[] poolScatter(Value value, List<double[]> args) {
        Shape shape = value.shape();
        int[] best = maxima(args.get(0), shape.dim(0), shape.dim(3), window(value));
        double[] result = new double[shape.size()];
        for (int y = 0; y < best.length; y++) {
            result[best[y]] += args.get(1)[y];
        }
        return result;
    }

    static double[] windowSum(Value value, List<double[]> args) {
        return overPairs(value, (result, x, y) -> result[y] += args.get(0)[x]);
    }

    static double[] windowSpread(Value value, List<double[]> args) {
        return overPairs(value, (result, x, y) -> result[x] += args.get(0)[y]);
    }

    private interface Pair {
        void add(double[] result, int x, int y);
    }

    private static double[] overPairs(Value value, Pair pair) {
        Window w = window(value);
        int channels = value.shape().dim(3);
        double[] result = new double[value.shape().size()];
        walk(value.shape().dim(0), w, (image, tap, from, to) -> {
            for (int c = 0; c < channels; c++) {
                int x = (image * inPixels(w) + from) * channels + c;
                pair.add(result, x, (image * outPixels(w) + to) * channels + c);
            }
        });
        return result;
    }
}
