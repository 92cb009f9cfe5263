package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.fewshot.ClassSplit.TurnedClass;
import dev.kindling.job.tensor.FlatVector;

/** Writes images into episodes, rotated, distorted and scaled to numbers from 0 to 1. Thread-safe. */
final class Episodes {
    private final Images images;
    private final int size;
    private final int channels;
    /** By 8-bit sample, the number that stands for it. */
    private final float[] scaled = new float[256];

    private final ImageFormat.Polarity polarity;

    Episodes(Images images, ImageFormat imageFormat) {
        this.images = images;
        this.size = imageFormat.size();
        this.channels = imageFormat.channels();
        this.polarity = imageFormat.polarity();
        for (int sample = 0; sample < scaled.length; sample++) {
            scaled[sample] = (float) polarity.of(sample);
        }
    }

    Images images() {
        return images;
    }

    /** Writes an image of a class, [channels, size, size], from the offset {@code to}. */
    void write(TurnedClass imageClass, int number, FlatVector target, int to) {
        Images.Slice slice = images.of(imageClass.images(), number);
        for (int channel = 0; channel < channels; channel++) {
            put(plane(slice, channel, imageClass.turns()), target, to + channel * size * size);
        }
    }

    /** As above, distorted: pixels between those of the image are interpolated, pixels beyond its edge are those of the edge. */
    void write(TurnedClass imageClass, int number, Augmentation.Origin origin, FlatVector target, int to) {
        Images.Slice slice = images.of(imageClass.images(), number);
        for (int channel = 0; channel < channels; channel++) {
            put(plane(slice, channel, imageClass.turns()), origin, target, to + channel * size * size);
        }
    }

    /**
     * One channel of an image, turned counter-clockwise by quarter turns.
     *
     * @param first index of the pixel of row 0 and column 0 of the turned image
     * @param down the step to the index of the next row
     * @param right the step to the index of the next column
     */
    private record Plane(byte[] pixels, int first, int down, int right) {
        int sample(int row, int column) {
            return pixels[first + row * down + column * right] & 0xff;
        }
    }

    private Plane plane(Images.Slice slice, int channel, int turns) {
        int last = size - 1;
        return new Plane(
                slice.pixels(),
                slice.offset() + channel * size * size + byTurns(turns, 0, last, last * size + last, last * size),
                byTurns(turns, size, -1, -size, 1),
                byTurns(turns, 1, size, -1, -size));
    }

    private void put(Plane plane, FlatVector target, int to) {
        if (target instanceof FlatVector.OfFloat floats) {
            put(plane, floats.array(), to);
            return;
        }
        for (int i = 0; i < size * size; i++) {
            target.set(to + i, polarity.of(plane.sample(i / size, i % size)));
        }
    }

    /** As the method for any vector, without a virtual call per number: this loop runs for every task of a round. */
    private void put(Plane plane, float[] target, int to) {
        byte[] pixels = plane.pixels();
        int right = plane.right();
        for (int row = 0; row < size; row++) {
            int source = plane.first() + row * plane.down();
            int start = to + row * size;
            for (int column = 0; column < size; column++) {
                target[start + column] = scaled[pixels[source + column * right] & 0xff];
            }
        }
    }

    private void put(Plane plane, Augmentation.Origin origin, FlatVector target, int to) {
        double centre = (size - 1) / 2.0;
        for (int row = 0; row < size; row++) {
            for (int column = 0; column < size; column++) {
                double fromRow = origin.row(row - centre, column - centre) + centre;
                double fromColumn = origin.column(row - centre, column - centre) + centre;
                double sample = interpolated(plane, inside(fromRow), inside(fromColumn));
                target.set(to + row * size + column, polarity.of(sample));
            }
        }
    }

    private double inside(double position) {
        return Math.min(Math.max(position, 0), size - 1);
    }

    /** Bilinear interpolation between four samples. */
    private double interpolated(Plane plane, double fromRow, double fromColumn) {
        int row = (int) fromRow;
        int column = (int) fromColumn;
        int nextRow = Math.min(row + 1, size - 1);
        int nextColumn = Math.min(column + 1, size - 1);
        double down = fromRow - row;
        double right = fromColumn - column;
        double above = (1 - right) * plane.sample(row, column) + right * plane.sample(row, nextColumn);
        double below = (1 - right) * plane.sample(nextRow, column) + right * plane.sample(nextRow, nextColumn);
        return (1 - down) * above + down * below;
    }

    private static int byTurns(int turns, int none, int one, int two, int three) {
        return switch (turns) {
            case 0 -> none;
            case 1 -> one;
            case 2 -> two;
            default -> three;
        };
    }
}
