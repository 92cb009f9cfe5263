package dev.kindling.job.model;

import dev.kindling.job.program.Window;

/**
 * How a window moves over images: its extent, its strides, and the zeros around the images.
 *
 * @param same whether there are as many outputs as strides fit into the input (Deeplearning4j's {@code Same}); otherwise
 *     only whole windows count
 * @param top zeros above and below, 0 where {@code same}
 * @param left zeros left and right, 0 where {@code same}
 */
record WindowSpec(int height, int width, int rowStride, int columnStride, boolean same, int top, int left) {
    /** A square window that keeps extents, but for its stride. */
    static WindowSpec same(int extent, int stride) {
        return new WindowSpec(extent, extent, stride, stride, true, 0, 0);
    }

    /** A square window, as often as it fits. */
    static WindowSpec whole(int extent, int stride) {
        return new WindowSpec(extent, extent, stride, stride, false, 0, 0);
    }

    int area() {
        return height * width;
    }

    /**
     * The geometry over images of a size.
     *
     * @throws IllegalArgumentException if the window does not fit
     */
    Window over(int imageHeight, int imageWidth) {
        if (!same && (imageHeight + 2 * top < height || imageWidth + 2 * left < width)) {
            throw new IllegalArgumentException("a window of " + height + "x" + width + " does not fit into images of "
                    + imageHeight + "x" + imageWidth + " with padding " + top + ", " + left);
        }
        return same
                ? Window.same(imageHeight, imageWidth, height, width, rowStride, columnStride)
                : Window.padded(imageHeight, imageWidth, height, width, rowStride, columnStride, top, left);
    }
}
