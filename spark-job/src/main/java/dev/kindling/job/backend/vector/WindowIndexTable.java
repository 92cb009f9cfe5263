package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Window;
import java.util.stream.IntStream;

/**
 * The operand offsets of a {@link FloatWindowMatmul}: row i of the result is the sum over x of the element at
 * {@code rows[i] + columns[x]} of the first operand times the row at {@code bRows[x]} of the second, stored at
 * {@code targets[i]}. All are offsets in flat arrays, computed once when a program is planned. Images are channels-last and
 * zero-padded ({@link PaddedImages}), so that every window is inside.
 */
record WindowIndexTable(int[] rows, int[] columns, int[] bRows, int[] targets) {
    /** The extents of zero-padded images, padding included; {@code top} and {@code left} are the leading padding. */
    record PaddedImages(int images, int height, int width, int channels, int top, int left) {
        int offset(int image, int row, int column) {
            return ((image * height + top + row) * width + left + column) * channels;
        }

        int size() {
            return Math.multiplyExact(Math.multiplyExact(images, height), Math.multiplyExact(width, channels));
        }

        /** Whether images [height, width] have no padding. */
        boolean unpadded(int imageHeight, int imageWidth) {
            return height == imageHeight && width == imageWidth;
        }
    }

    /** The padding for which every window of a convolution is inside. */
    static PaddedImages padding(Window w, int images, int channels) {
        int height = Math.max(w.top() + w.height(), (w.outHeight() - 1) * w.rowStride() + w.kernelHeight());
        int width = Math.max(w.left() + w.width(), (w.outWidth() - 1) * w.columnStride() + w.kernelWidth());
        return new PaddedImages(images, height, width, channels, w.top(), w.left());
    }

    /** CONV: rows are output pixels, x runs over the window and its channels, bRows are the kernel's rows. */
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

    /** Offset of the window of each output pixel. */
    private static int[] windows(Window w, PaddedImages paddedImages) {
        int pixels = w.outHeight() * w.outWidth();
        return IntStream.range(0, paddedImages.images() * pixels)
                .map(i -> paddedImages.offset(
                        i / pixels,
                        i % pixels / w.outWidth() * w.rowStride() - w.top(),
                        i % w.outWidth() * w.columnStride() - w.left()))
                .toArray();
    }

    /** Offset of each element and channel of a window from the window's. */
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
     * CONV_INPUT, for the input pixels of one stride class: all pixels whose rows and columns have given remainders modulo
     * the strides are covered by the same elements of the kernel, so that no multiplication by zero is computed. Rows are
     * such pixels, x runs over those elements and the output's channels, bRows are the rows of the kernel with its last two
     * axes exchanged, [kh, kw, out, in].
     *
     * @param paddedImages of the convolution's output; see {@link #cotangentPadding}
     * @param in channels of the input
     * @param rowClass remainder of the padded row modulo the row stride
     * @param columnClass remainder of the padded column modulo the column stride
     */
    static WindowIndexTable strideClass(Window w, PaddedImages paddedImages, int in, int rowClass, int columnClass) {
        Axis vertical = Axis.vertical(w);
        Axis horizontal = Axis.horizontal(w);
        int[] ys = vertical.inputIndices(rowClass);
        int[] xs = horizontal.inputIndices(columnClass);
        int[] kys = vertical.kernelIndices(rowClass);
        int[] kxs = horizontal.kernelIndices(columnClass);
        int out = paddedImages.channels();
        int[] rows = new int[paddedImages.images() * ys.length * xs.length];
        int[] targets = new int[rows.length];
        int at = 0;
        for (int image = 0; image < paddedImages.images(); image++) {
            for (int y : ys) {
                for (int x : xs) {
                    rows[at] = paddedImages.offset(image, vertical.lastOutput(y), horizontal.lastOutput(x));
                    targets[at++] = ((image * w.height() + y) * w.width() + x) * in;
                }
            }
        }
        int[] columns = new int[kys.length * kxs.length * out];
        int[] bRows = new int[columns.length];
        for (int e = 0; e < columns.length; e++) {
            int down = e / out / kxs.length;
            int right = e / out % kxs.length;
            columns[e] = -(down * paddedImages.width() + right) * out + e % out;
            bRows[e] = ((kys[down] * w.kernelWidth() + kxs[right]) * out + e % out) * in;
        }
        return new WindowIndexTable(rows, columns, bRows, targets);
    }

    /** The padding of a convolution's output for which everything that {@link #strideClass} reads is inside. */
    static PaddedImages cotangentPadding(Window w, int images, int out) {
        Axis vertical = Axis.vertical(w);
        Axis horizontal = Axis.horizontal(w);
        int top = Math.max(0, -vertical.first());
        int left = Math.max(0, -horizontal.first());
        int height = top + Math.max(w.outHeight(), vertical.last() + 1);
        int width = left + Math.max(w.outWidth(), horizontal.last() + 1);
        return new PaddedImages(images, height, width, out, top, left);
    }

    /** One axis of a window op: maps input indices to the outputs whose windows contain them. */
    private record Axis(int extent, int kernel, int stride, int padding) {
        static Axis vertical(Window w) {
            return new Axis(w.height(), w.kernelHeight(), w.rowStride(), w.top());
        }

        static Axis horizontal(Window w) {
            return new Axis(w.width(), w.kernelWidth(), w.columnStride(), w.left());
        }

        /** The input indices of a stride class. */
        int[] inputIndices(int strideClass) {
            return IntStream.range(0, extent)
                    .filter(index -> (index + padding) % stride == strideClass)
                    .toArray();
        }

        /** The indices in the kernel at which windows contain inputs of a stride class. */
        int[] kernelIndices(int strideClass) {
            return IntStream.range(0, kernel)
                    .filter(element -> element % stride == strideClass)
                    .toArray();
        }

        /** The last output whose window contains an input; the others precede it. */
        int lastOutput(int index) {
            return (index + padding) / stride;
        }

        int first() {
            return IntStream.range(0, extent)
                    .map(index -> lastOutput(index) - Math.max(0, kernelIndices((index + padding) % stride).length - 1))
                    .min()
                    .orElse(0);
        }

        int last() {
            return lastOutput(extent - 1);
        }
    }
}
