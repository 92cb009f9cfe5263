package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.Shape;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Strided views of the windows over the images of all tasks, without a copy for each window: one array whose windows overlap
 * in memory, or one array for each element ("tap") of the window. If windows exceed the images, these are copied into padded
 * images first.
 *
 * @param images number of images of one task
 */
record WindowView(Window window, int images, int channels) {
    /** The windows of an op over images of shape [n, h, w, c]. */
    static WindowView over(Value value, Shape shape) {
        return new WindowView((Window) value.attributes(), shape.dim(0), shape.dim(3));
    }

    private int height() {
        int needed = (window.outHeight() - 1) * window.rowStride() + window.kernelHeight();
        return Math.max(window.top() + window.height(), needed);
    }

    private int width() {
        int needed = (window.outWidth() - 1) * window.columnStride() + window.kernelWidth();
        return Math.max(window.left() + window.width(), needed);
    }

    /** Whether a window exceeds the images, so that they need padding. */
    boolean needsPadding() {
        return height() > window.height() || width() > window.width();
    }

    /** Number of elements of one task's padded images. */
    int paddedSize() {
        return images * height() * width() * channels;
    }

    /** Number of windows of one task. */
    int windows() {
        return images * window.outHeight() * window.outWidth();
    }

    /** Copies the images into padded ones in the scratch array; returns the images themselves if they need no padding. */
    TensorView padded(OpRecorder recorder, TensorView view, TensorView scratch, double padding) {
        if (!needsPadding()) {
            return view;
        }
        recorder.fill(recorder.views().flat(scratch), padding);
        recorder.copy(unpadded(recorder.views(), view), interior(recorder.views(), scratch));
        return scratch;
    }

    /** Copies images out of padded ones, if they need padding. */
    void crop(OpRecorder recorder, TensorView scratch, TensorView view) {
        if (needsPadding()) {
            recorder.copy(interior(recorder.views(), scratch), unpadded(recorder.views(), view));
        }
    }

    private INDArray unpadded(BufferViews views, TensorView view) {
        long columns = (long) window.width() * channels;
        return views.view(
                view,
                new Strided(
                        new long[] {(long) views.tasks(view) * images, window.height(), columns},
                        new long[] {window.height() * columns, columns, 1},
                        0));
    }

    private INDArray interior(BufferViews views, TensorView scratch) {
        long row = (long) width() * channels;
        return views.view(
                scratch,
                new Strided(
                        new long[] {
                            (long) views.tasks(scratch) * images, window.height(), (long) window.width() * channels
                        },
                        new long[] {height() * row, row, 1},
                        window.top() * row + (long) window.left() * channels));
    }

    /** The elements of all windows at one tap: [images, out height, out width, channels]. */
    INDArray tap(BufferViews views, TensorView padded, int tap) {
        long row = (long) width() * channels;
        return views.view(
                padded,
                new Strided(
                        extents(views, padded),
                        new long[] {height() * row, window.rowStride() * row, (long) window.columnStride() * channels, 1
                        },
                        tap / window.kernelWidth() * row + (long) (tap % window.kernelWidth()) * channels));
    }

    /** Number of output elements of one task, which is also that of one tap. */
    int outputSize() {
        return windows() * channels;
    }

    /** A dense copy of one tap, because an ND4J op on two strided arrays takes ten times as long as a copy. */
    INDArray denseTap(OpRecorder recorder, TensorView padded, int tap, TensorView scratch) {
        INDArray dense = outputs(recorder.views(), scratch);
        recorder.copy(tap(recorder.views(), padded, tap), dense);
        return dense;
    }

    /** Adds a dense array to one tap, through a dense copy. */
    void addToTap(OpRecorder recorder, TensorView sum, int tap, INDArray added, TensorView scratch) {
        INDArray dense = denseTap(recorder, sum, tap, scratch);
        MaskedBlend.add(recorder, dense, added, dense);
        recorder.copy(dense, tap(recorder.views(), sum, tap));
    }

    private long[] extents(BufferViews views, TensorView view) {
        return new long[] {(long) views.tasks(view) * images, window.outHeight(), window.outWidth(), channels};
    }

    /** One element for each window and channel: [images, out height, out width, channels]. */
    INDArray outputs(BufferViews views, TensorView view) {
        return of(views, view, channels, 0);
    }

    /** The columns of one tap in a matrix with a row for each window. */
    INDArray columns(BufferViews views, TensorView view, int tap) {
        return of(views, view, (long) channels * window.area(), (long) tap * channels);
    }

    private INDArray of(BufferViews views, TensorView view, long step, long offset) {
        long row = window.outWidth() * step;
        return views.view(
                view, new Strided(extents(views, view), new long[] {window.outHeight() * row, row, step, 1}, offset));
    }

    /** Copies each window into a row of a matrix (im2col). */
    void im2col(OpRecorder recorder, TensorView padded, TensorView patches) {
        BufferViews views = recorder.views();
        long row = (long) width() * channels;
        long breadth = (long) window.kernelWidth() * channels;
        long[] extents = {
            (long) views.tasks(padded) * images, window.outHeight(), window.outWidth(), window.kernelHeight(), breadth
        };
        long patch = window.kernelHeight() * breadth;
        long[] overlapping = {height() * row, window.rowStride() * row, (long) window.columnStride() * channels, row, 1
        };
        long line = window.outWidth() * patch;
        long[] dense = {window.outHeight() * line, line, patch, breadth, 1};
        recorder.copy(
                views.view(padded, new Strided(extents, overlapping, 0)),
                views.view(patches, new Strided(extents, dense, 0)));
    }
}
