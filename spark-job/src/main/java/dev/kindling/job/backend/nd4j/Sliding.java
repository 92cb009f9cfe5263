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
record Sliding(Window window, int images, int channels) {
    /** The window of an op over images of shape [n, h, w, c]. */
    static Sliding over(Value value, Shape shape) {
        return new Sliding((Window) value.attributes(), shape.dim(0), shape.dim(3));
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
    Place framed(Script script, Place place, Place scratch, double around) {
        if (!framed()) {
            return place;
        }
        script.fill(script.frame().flat(scratch), around);
        script.copy(whole(script.frame(), place), inside(script.frame(), scratch));
        return scratch;
    }

    /** Copies images out of their frames, if they have any. */
    void crop(Script script, Place scratch, Place place) {
        if (framed()) {
            script.copy(inside(script.frame(), scratch), whole(script.frame(), place));
        }
    }

    private INDArray whole(Frame frame, Place place) {
        long columns = (long) window.width() * channels;
        return frame.view(
                place,
                new Strided(
                        new long[] {(long) frame.tasks(place) * images, window.height(), columns},
                        new long[] {window.height() * columns, columns, 1},
                        0));
    }

    private INDArray inside(Frame frame, Place scratch) {
        long row = (long) width() * channels;
        return frame.view(
                scratch,
                new Strided(
                        new long[] {
                            (long) frame.tasks(scratch) * images, window.height(), (long) window.width() * channels
                        },
                        new long[] {height() * row, row, 1},
                        window.top() * row + (long) window.left() * channels));
    }

    /** What each window sees at one place in it: [images, out height, out width, channels]. */
    INDArray tap(Frame frame, Place framed, int tap) {
        long row = (long) width() * channels;
        return frame.view(
                framed,
                new Strided(
                        extents(frame, framed),
                        new long[] {height() * row, window.rowStride() * row, (long) window.columnStride() * channels, 1
                        },
                        tap / window.kernelWidth() * row + (long) (tap % window.kernelWidth()) * channels));
    }

    /** Numbers of one task that a tap sees, or stand behind it. */
    int outputSize() {
        return windows() * channels;
    }

    /** A dense copy of what a tap sees: ND4J takes ten times as long for two arrays with strides as to copy one. */
    INDArray seen(Script script, Place framed, int tap, Place scratch) {
        INDArray dense = outputs(script.frame(), scratch);
        script.copy(tap(script.frame(), framed, tap), dense);
        return dense;
    }

    /** Adds a dense array where a tap looks, by way of a dense copy. */
    void addBehind(Script script, Place sum, int tap, INDArray added, Place scratch) {
        INDArray dense = seen(script, sum, tap, scratch);
        Choices.add(script, dense, added, dense);
        script.copy(dense, tap(script.frame(), sum, tap));
    }

    private long[] extents(Frame frame, Place place) {
        return new long[] {(long) frame.tasks(place) * images, window.outHeight(), window.outWidth(), channels};
    }

    /** A number for each window and channel: [images, out height, out width, channels]. */
    INDArray outputs(Frame frame, Place place) {
        return of(frame, place, channels, 0);
    }

    /** Of a matrix with a row for each window, the columns of one tap. */
    INDArray columns(Frame frame, Place place, int tap) {
        return of(frame, place, (long) channels * window.area(), (long) tap * channels);
    }

    private INDArray of(Frame frame, Place place, long step, long offset) {
        long row = window.outWidth() * step;
        return frame.view(
                place, new Strided(extents(frame, place), new long[] {window.outHeight() * row, row, step, 1}, offset));
    }

    /** Copies what each window sees into a matrix with a row for each. */
    void unfold(Script script, Place framed, Place patches) {
        Frame frame = script.frame();
        long row = (long) width() * channels;
        long breadth = (long) window.kernelWidth() * channels;
        long[] extents = {
            (long) frame.tasks(framed) * images, window.outHeight(), window.outWidth(), window.kernelHeight(), breadth
        };
        long patch = window.kernelHeight() * breadth;
        long[] overlapping = {height() * row, window.rowStride() * row, (long) window.columnStride() * channels, row, 1
        };
        long line = window.outWidth() * patch;
        long[] dense = {window.outHeight() * line, line, patch, breadth, 1};
        script.copy(
                frame.view(framed, new Strided(extents, overlapping, 0)),
                frame.view(patches, new Strided(extents, dense, 0)));
    }
}
