package dev.kindling.job.backend.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The three convolutions against loops over their definition in double: output (y, x) of a channel is the sum over the
 * kernel's rows i and columns j and the input channels of image(y·stride - top + i, x·stride - left + j) times kernel(i, j).
 */
class ConvolutionsTest {
    /** Number of images, channels, and the window. */
    private record Case(int images, int in, int out, Window window) {
        private interface Term {
            /** Receives one product of the definition: indices in images, kernel and output. */
            void at(int image, int kernel, int output);
        }

        private void forEachTerm(Term term) {
            for (int n = 0; n < images; n++) {
                for (int y = 0; y < window.outHeight(); y++) {
                    for (int x = 0; x < window.outWidth(); x++) {
                        for (int i = 0; i < window.kernelHeight(); i++) {
                            for (int j = 0; j < window.kernelWidth(); j++) {
                                pixel(term, n, y, x, i, j);
                            }
                        }
                    }
                }
            }
        }

        private void pixel(Term term, int n, int y, int x, int i, int j) {
            int row = y * window.rowStride() - window.top() + i;
            int column = x * window.columnStride() - window.left() + j;
            if (row < 0 || row >= window.height() || column < 0 || column >= window.width()) {
                return;
            }
            int image = ((n * window.height() + row) * window.width() + column) * in;
            int kernel = (i * window.kernelWidth() + j) * in * out;
            int output = ((n * window.outHeight() + y) * window.outWidth() + x) * out;
            for (int c = 0; c < in; c++) {
                for (int o = 0; o < out; o++) {
                    term.at(image + c, kernel + c * out + o, output + o);
                }
            }
        }

        private Shape images4() {
            return Shape.of(images, window.height(), window.width(), in);
        }

        private Shape kernel4() {
            return Shape.of(window.kernelHeight(), window.kernelWidth(), in, out);
        }

        private Shape output4() {
            return Shape.of(images, window.outHeight(), window.outWidth(), out);
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void everyNumberOfChannelsFromOneToSeventy(Precision precision) {
        for (int channels = 1; channels <= 70; channels++) {
            check(new Case(2, 3, channels, Window.same(4, 3, 3, 3, 1, 1)), precision, channels);
            check(new Case(2, channels, 5, Window.same(3, 4, 3, 3, 2, 2)), precision, channels);
        }
        check(new Case(1, 70, 70, Window.padded(3, 3, 3, 3, 1, 1, 1, 1)), precision, 71);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void oddSizesStridesAndPaddings(Precision precision) {
        RandomStream stream = RandomStream.of(7);
        int checked = 0;
        while (checked < 200) {
            int height = 1 + stream.nextInt(11);
            int width = 1 + stream.nextInt(11);
            int kernelHeight = 1 + stream.nextInt(5);
            int kernelWidth = 1 + stream.nextInt(5);
            int rowStride = 1 + stream.nextInt(3);
            int columnStride = 1 + stream.nextInt(3);
            int top = stream.nextInt(kernelHeight);
            int left = stream.nextInt(kernelWidth);
            boolean same = stream.nextInt(2) == 0;
            int images = 1 + stream.nextInt(3);
            int in = 1 + stream.nextInt(9);
            int out = 1 + stream.nextInt(35);
            if (!same && (height + 2 * top < kernelHeight || width + 2 * left < kernelWidth)) {
                continue;
            }
            Window window;
            try {
                window = same
                        ? Window.same(height, width, kernelHeight, kernelWidth, rowStride, columnStride)
                        : Window.padded(height, width, kernelHeight, kernelWidth, rowStride, columnStride, top, left);
            } catch (IllegalArgumentException e) {
                // A window that lies entirely in the padding is refused.
                continue;
            }
            check(new Case(images, in, out, window), precision, checked);
            checked++;
        }
    }

    private static void check(Case given, Precision precision, long seed) {
        double[] images = drawn(given.images4(), seed, 0);
        double[] kernel = drawn(given.kernel4(), seed, 1);
        double[] cotangent = drawn(given.output4(), seed, 2);
        double[] output = new double[cotangent.length];
        double[] toImages = new double[images.length];
        double[] toKernel = new double[kernel.length];
        given.forEachTerm((image, weight, index) -> {
            output[index] += images[image] * kernel[weight];
            toImages[image] += cotangent[index] * kernel[weight];
            toKernel[weight] += images[image] * cotangent[index];
        });
        Map<String, double[]> found = Runs.once(
                Backends.named("vector"),
                precision,
                program(given),
                Map.of("images", images, "kernel", kernel, "cotangent", cotangent));
        close(given + " forward", found, "output", output, precision);
        close(given + " to images", found, "to-images", toImages, precision);
        close(given + " to kernel", found, "to-kernel", toKernel, precision);
    }

    private static Program program(Case given) {
        ProgramBuilder b = new ProgramBuilder();
        Value images = b.input("images", given.images4(), Program.Scope.TASK);
        Value kernel = b.input("kernel", given.kernel4(), Program.Scope.TASK);
        Value cotangent = b.input("cotangent", given.output4(), Program.Scope.TASK);
        return b.build(
                "convolutions",
                List.of(
                        new Program.Output(
                                "output", Program.Reduction.PER_TASK, b.conv(images, kernel, given.window())),
                        new Program.Output(
                                "to-images",
                                Program.Reduction.PER_TASK,
                                b.convInput(cotangent, kernel, given.window())),
                        new Program.Output(
                                "to-kernel",
                                Program.Reduction.PER_TASK,
                                b.convKernel(images, cotangent, given.window()))));
    }

    /** Numbers that a float holds exactly, so that both precisions have the same inputs. */
    private static double[] drawn(Shape shape, long seed, long which) {
        RandomStream stream = RandomStream.of(seed, which);
        double[] numbers = new double[shape.size()];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = stream.next24Bits() - 0.5;
        }
        return numbers;
    }

    private static void close(
            String what, Map<String, double[]> found, String name, double[] expected, Precision precision) {
        // Each term is at most 1/4; there are at most 70 * 25 * 99 of them, and far fewer in most sums.
        double tolerance = precision == Precision.FLOAT ? 2e-5 : 1e-13;
        assertThat(found.get(name)).as(what).containsExactly(expected, within(tolerance));
    }
}
