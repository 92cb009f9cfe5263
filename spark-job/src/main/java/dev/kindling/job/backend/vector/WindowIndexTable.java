package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Window;
import java.util.stream.IntStream;

/**
 * Which numbers a gathered product multiplies: row i of the result is the sum over x of the number at
 * {@code rows[i] + columns[x]} times the row that begins at {@code others[x]}, written from {@code targets[i]} on. All are
 * offsets in flat arrays, computed once when a program is planned. Images are channels-last and framed by zeros
 * ({@link PaddedImages}), so that every window is inside.
 */
record WindowIndexTable(int[] rows, int[] columns, int[] others, int[] targets) {
    /** Images and the zeros around them, {@code above} and {@code before}; extents include both. */
    record PaddedImages(int images, int height, int width, int channels, int above, int before) {
        int offset(int image, int row, int column) {
            return ((image * height + above + row) * width + before + column) * channels;
        }

        int size() {
            return Math.multiplyExact(Math.multiplyExact(images, height), Math.multiplyExact(width, channels));
        }

        /** Whether images [height, width] are framed by nothing. */
        boolean bare(int ofHeight, int ofWidth) {
            return height == ofHeight && width == ofWidth;
        }
    }

    /** The frame in which every window of a convolution is inside. */
    static PaddedImages frame(Window w, int images, int channels) {
        int height = Math.max(w.top() + w.height(), (w.outHeight() - 1) * w.rowStride() + w.kernelHeight());
        int width = Math.max(w.left() + w.width(), (w.outWidth() - 1) * w.columnStride() + w.kernelWidth());
        return new PaddedImages(images, height, width, channels, w.top(), w.left());
    }

    /** CONV: rows are output pixels, x runs over the window and its channels, others are the kernel's rows. */
    static WindowIndexTable conv(Window w, PaddedImages paddedImages, int out) {
        int[] rows = windows(w, paddedImages);
        int[] columns = elements(w, paddedImages);
        return new WindowIndexTable(rows, columns, multiples(columns.length, out), multiples(rows.length, out));
    }

    /** CONV_KERNEL: rows are the window's elements and channels, x runs over output pixels. */
    static WindowIndexTable kernel(Window w, PaddedImages paddedImages, int out) {
        int[] rows = elements(w, paddedImages);
        int[] columns = windows(w, paddedImages);
        return new WindowIndexTable(rows, columns, multiples(columns.length, out), multiples(rows.length, out));
    }

    /** Where the window of each output pixel begins. */
    private static int[] windows(Window w, PaddedImages paddedImages) {
        int pixels = w.outHeight() * w.outWidth();
        return IntStream.range(0, paddedImages.images() * pixels)
                .map(i -> paddedImages.offset(
                        i / pixels,
                        i % pixels / w.outWidth() * w.rowStride() - w.top(),
                        i % w.outWidth() * w.columnStride() - w.left()))
                .toArray();
    }

    /** How far each element and channel of a window is from where it begins. */
    private static int[] elements(Window w, PaddedImages paddedImages) {
        int channels = paddedImages.channels();
        return IntStream.range(0, w.area() * channels)
                .map(x -> (x / channels / w.kernelWidth() * paddedImages.width() + x / channels % w.kernelWidth())
                                * channels
                        + x % channels)
                .toArray();
    }

    private static int[] multiples(int count, int step) {
        return IntStream.range(0, count).map(i -> i * step).toArray();
    }

    /**
     * CONV_INPUT, for the pixels of the input in one phase: those whose rows and columns leave a given remainder see the
     * same elements of the kernel, so that a stride costs nothing. Rows are such pixels, x runs over those elements and the
     * output's channels, others are the rows of the kernel with its last two axes exchanged, [kh, kw, out, in].
     *
     * @param paddedImages of the images behind the convolution; see {@link #frameBehind}
     * @param in channels of the input
     */
    static WindowIndexTable strideClass(Window w, PaddedImages paddedImages, int in, int rowPhase, int columnPhase) {
        Axis vertical = Axis.vertical(w);
        Axis horizontal = Axis.horizontal(w);
        int[] ys = vertical.inPhase(rowPhase);
        int[] xs = horizontal.inPhase(columnPhase);
        int[] kys = vertical.elements(rowPhase);
        int[] kxs = horizontal.elements(columnPhase);
        int out = paddedImages.channels();
        int[] rows = new int[paddedImages.images() * ys.length * xs.length];
        int[] targets = new int[rows.length];
        int at = 0;
        for (int image = 0; image < paddedImages.images(); image++) {
            for (int y : ys) {
                for (int x : xs) {
                    rows[at] = paddedImages.offset(image, vertical.behind(y), horizontal.behind(x));
                    targets[at++] = ((image * w.height() + y) * w.width() + x) * in;
                }
            }
        }
        int[] columns = new int[kys.length * kxs.length * out];
        int[] others = new int[columns.length];
        for (int e = 0; e < columns.length; e++) {
            int down = e / out / kxs.length;
            int right = e / out % kxs.length;
            columns[e] = -(down * paddedImages.width() + right) * out + e % out;
            others[e] = ((kys[down] * w.kernelWidth() + kxs[right]) * out + e % out) * in;
        }
        return new WindowIndexTable(rows, columns, others, targets);
    }

    /** The frame in which everything that {@link #strideClass} reads is inside. */
    static PaddedImages frameBehind(Window w, int images, int out) {
        Axis vertical = Axis.vertical(w);
        Axis horizontal = Axis.horizontal(w);
        int above = Math.max(0, -vertical.first());
        int before = Math.max(0, -horizontal.first());
        int height = above + Math.max(w.outHeight(), vertical.last() + 1);
        int width = before + Math.max(w.outWidth(), horizontal.last() + 1);
        return new PaddedImages(images, height, width, out, above, before);
    }

    /** One axis of a window, seen from the input. */
    private record Axis(int extent, int kernel, int stride, int padding) {
        static Axis vertical(Window w) {
            return new Axis(w.height(), w.kernelHeight(), w.rowStride(), w.top());
        }

        static Axis horizontal(Window w) {
            return new Axis(w.width(), w.kernelWidth(), w.columnStride(), w.left());
        }

        /** Places of the input that are a phase away from where windows begin. */
        int[] inPhase(int phase) {
            return IntStream.range(0, extent)
                    .filter(place -> (place + padding) % stride == phase)
                    .toArray();
        }

        /** The places in a window at which such a place of the input stands. */
        int[] elements(int phase) {
            return IntStream.range(0, kernel)
                    .filter(element -> element % stride == phase)
                    .toArray();
        }

        /** The last output that sees a place of the input; the others stand before it. */
        int behind(int place) {
            return (place + padding) / stride;
        }

        int first() {
            return IntStream.range(0, extent)
                    .map(place -> behind(place) - Math.max(0, elements((place + padding) % stride).length - 1))
                    .min()
                    .orElse(0);
        }

        int last() {
            return behind(extent - 1);
        }
    }
}
