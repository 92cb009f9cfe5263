package dev.kindling.job.model;

import dev.kindling.job.program.Window;

/**
 * The geometry of a sliding window: its extent, strides and zero padding.
 *
 * @param same whether the output extent is the input extent divided by the stride, rounded up (Deeplearning4j's
 *     {@code Same}); otherwise only complete windows produce an output
 * @param top zeros above and below, 0 if {@code same}
 * @param left zeros left and right, 0 if {@code same}
 */
record WindowSpec(int height, int width, int rowStride, int columnStride, boolean same, int top, int left) {
    /** A square window with padding {@code same}. */
    static WindowSpec same(int extent, int stride) {
        return new WindowSpec(extent, extent, stride, stride, true, 0, 0);
    }

    /** A square window without padding. */
    static WindowSpec whole(int extent, int stride) {
        return new WindowSpec(extent, extent, stride, stride, false, 0, 0);
    }

    int area() {
        return height * width;
    }

    /**
     * The window over images of the given size.
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
