package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.Shape;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Images of all tasks under a sliding window, without a copy for each window: an array whose windows overlap in memory, or
 * one for each element ("tap") of the window. Images that a window sticks out of are first copied into a frame of their own.
 *
 * @param images of one task
 */
record WindowView(Window window, int images, int channels) {
    /** The window of an op over images of shape [n, h, w, c]. */
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

    /** Whether a window sticks out. */
    boolean framed() {
        return height() > window.height() || width() > window.width();
    }

    /** Numbers of one task's images in their frames. */
    int framedSize() {
        return images * height() * width() * channels;
    }

    /** Windows of one task. */
    int windows() {
        return images * window.outHeight() * window.outWidth();
    }

    /** The images in their frames, which stand in the scratch if there are any. */
    TensorView framed(OpRecorder recorder, TensorView view, TensorView scratch, double around) {
        if (!framed()) {
            return view;
        }
        recorder.fill(recorder.frame().flat(scratch), around);
        recorder.copy(whole(recorder.frame(), view), inside(recorder.frame(), scratch));
        return scratch;
    }

    /** Copies images out of their frames, if they have any. */
    void crop(OpRecorder recorder, TensorView scratch, TensorView view) {
        if (framed()) {
            recorder.copy(inside(recorder.frame(), scratch), whole(recorder.frame(), view));
        }
    }

    private INDArray whole(BufferViews bufferViews, TensorView view) {
        long columns = (long) window.width() * channels;
        return bufferViews.view(
                view,
                new Strided(
                        new long[] {(long) bufferViews.tasks(view) * images, window.height(), columns},
                        new long[] {window.height() * columns, columns, 1},
                        0));
    }

    private INDArray inside(BufferViews bufferViews, TensorView scratch) {
        long row = (long) width() * channels;
        return bufferViews.view(
                scratch,
                new Strided(
                        new long[] {
                            (long) bufferViews.tasks(scratch) * images,
                            window.height(),
                            (long) window.width() * channels
                        },
                        new long[] {height() * row, row, 1},
                        window.top() * row + (long) window.left() * channels));
    }

    /** What each window sees at one place in it: [images, out height, out width, channels]. */
    INDArray tap(BufferViews bufferViews, TensorView framed, int tap) {
        long row = (long) width() * channels;
        return bufferViews.view(
                framed,
                new Strided(
                        extents(bufferViews, framed),
                        new long[] {height() * row, window.rowStride() * row, (long) window.columnStride() * channels, 1
                        },
                        tap / window.kernelWidth() * row + (long) (tap % window.kernelWidth()) * channels));
    }

    /** Numbers of one task that a tap sees, or stand behind it. */
    int outputSize() {
        return windows() * channels;
    }

    /** A dense copy of what a tap sees: ND4J takes ten times as long for two arrays with strides as to copy one. */
    INDArray seen(OpRecorder recorder, TensorView framed, int tap, TensorView scratch) {
        INDArray dense = outputs(recorder.frame(), scratch);
        recorder.copy(tap(recorder.frame(), framed, tap), dense);
        return dense;
    }

    /** Adds a dense array where a tap looks, by way of a dense copy. */
    void addBehind(OpRecorder recorder, TensorView sum, int tap, INDArray added, TensorView scratch) {
        INDArray dense = seen(recorder, sum, tap, scratch);
        MaskedBlend.add(recorder, dense, added, dense);
        recorder.copy(dense, tap(recorder.frame(), sum, tap));
    }

    private long[] extents(BufferViews bufferViews, TensorView view) {
        return new long[] {(long) bufferViews.tasks(view) * images, window.outHeight(), window.outWidth(), channels};
    }

    /** A number for each window and channel: [images, out height, out width, channels]. */
    INDArray outputs(BufferViews bufferViews, TensorView view) {
        return of(bufferViews, view, channels, 0);
    }

    /** Of a matrix with a row for each window, the columns of one tap. */
    INDArray columns(BufferViews bufferViews, TensorView view, int tap) {
        return of(bufferViews, view, (long) channels * window.area(), (long) tap * channels);
    }

    private INDArray of(BufferViews bufferViews, TensorView view, long step, long offset) {
        long row = window.outWidth() * step;
        return bufferViews.view(
                view,
                new Strided(extents(bufferViews, view), new long[] {window.outHeight() * row, row, step, 1}, offset));
    }

    /** Copies what each window sees into a matrix with a row for each. */
    void unfold(OpRecorder recorder, TensorView framed, TensorView patches) {
        BufferViews bufferViews = recorder.frame();
        long row = (long) width() * channels;
        long breadth = (long) window.kernelWidth() * channels;
        long[] extents = {
            (long) bufferViews.tasks(framed) * images,
            window.outHeight(),
            window.outWidth(),
            window.kernelHeight(),
            breadth
        };
        long patch = window.kernelHeight() * breadth;
        long[] overlapping = {height() * row, window.rowStride() * row, (long) window.columnStride() * channels, row, 1
        };
        long line = window.outWidth() * patch;
        long[] dense = {window.outHeight() * line, line, patch, breadth, 1};
        recorder.copy(
                bufferViews.view(framed, new Strided(extents, overlapping, 0)),
                bufferViews.view(patches, new Strided(extents, dense, 0)));
    }
}
