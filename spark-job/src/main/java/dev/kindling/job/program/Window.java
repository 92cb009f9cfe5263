package dev.kindling.job.program;

/**
 * The geometry of convolution and pooling: extents, strides and padding. The window of output (y, x) covers the input's
 * rows {@code y * rowStride - top + i} for i from 0 to {@code kernelHeight - 1}, and columns likewise; elements outside the
 * input count as zero in sums and are ignored in maxima.
 *
 * @param height rows of the input
 * @param width columns of the input
 * @param top rows of padding above the input
 * @param left columns of padding left of it; below and to the right there are as many as the output needs
 */
public record Window(
        int height,
        int width,
        int kernelHeight,
        int kernelWidth,
        int rowStride,
        int columnStride,
        int top,
        int left,
        int outHeight,
        int outWidth)
        implements Attributes {
    /**
     * Validates the geometry.
     *
     * @throws IllegalArgumentException if an extent or stride is below 1, a padding is negative, or a window lies entirely
     *     outside the input
     */
    public Window {
        boolean positive = height > 0 && width > 0 && kernelHeight > 0 && kernelWidth > 0;
        boolean moving = rowStride > 0 && columnStride > 0 && outHeight > 0 && outWidth > 0;
        boolean touching = top >= 0
                && left >= 0
                && top < kernelHeight
                && left < kernelWidth
                && (long) (outHeight - 1) * rowStride - top < height
                && (long) (outWidth - 1) * columnStride - left < width;
        // Positions in a window or a padded image are ints.
        boolean countable = (long) kernelHeight * kernelWidth <= Integer.MAX_VALUE
                && (long) top + height <= Integer.MAX_VALUE
                && (long) left + width <= Integer.MAX_VALUE
                && (long) (outHeight - 1) * rowStride + kernelHeight <= Integer.MAX_VALUE
                && (long) (outWidth - 1) * columnStride + kernelWidth <= Integer.MAX_VALUE;
        if (!(positive && moving && touching && countable)) {
            throw new IllegalArgumentException("no window can be " + kernelHeight + "x" + kernelWidth + " with strides "
                    + rowStride + "x" + columnStride + " and padding " + top + ", " + left + " from " + height + "x"
                    + width + " to " + outHeight + "x" + outWidth
                    + ": extents and strides must be at least 1, and each window must meet the input");
        }
    }

    /** SAME padding: ceil(extent / stride) outputs per axis; padding is split between both sides, an odd one after. */
    public static Window same(
            int height, int width, int kernelHeight, int kernelWidth, int rowStride, int columnStride) {
        int outHeight = (height + rowStride - 1) / rowStride;
        int outWidth = (width + columnStride - 1) / columnStride;
        int rows = Math.max(0, (outHeight - 1) * rowStride + kernelHeight - height);
        int columns = Math.max(0, (outWidth - 1) * columnStride + kernelWidth - width);
        return new Window(
                height,
                width,
                kernelHeight,
                kernelWidth,
                rowStride,
                columnStride,
                rows / 2,
                columns / 2,
                outHeight,
                outWidth);
    }

    /** Explicit padding of {@code rows} and {@code columns} on each side, with as many outputs as windows fit. */
    public static Window padded(
            int height,
            int width,
            int kernelHeight,
            int kernelWidth,
            int rowStride,
            int columnStride,
            int rows,
            int columns) {
        return new Window(
                height,
                width,
                kernelHeight,
                kernelWidth,
                rowStride,
                columnStride,
                rows,
                columns,
                Math.floorDiv(height + 2 * rows - kernelHeight, rowStride) + 1,
                Math.floorDiv(width + 2 * columns - kernelWidth, columnStride) + 1);
    }

    /** Number of elements in a window. */
    public int area() {
        return kernelHeight * kernelWidth;
    }

    @Override
    public String toString() {
        return kernelHeight + "x" + kernelWidth + " over " + height + "x" + width + ", strides " + rowStride + "x"
                + columnStride + ", padding " + top + ", " + left + ", to " + outHeight + "x" + outWidth;
    }
}
