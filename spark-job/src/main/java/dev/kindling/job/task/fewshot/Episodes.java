package dev.kindling.job.task.fewshot;

import dev.kindling.job.task.fewshot.ClassSplit.TurnedClass;
import dev.kindling.job.tensor.FlatVector;

/** Writes images into episodes, rotated and scaled to numbers from 0 to 1. Thread-safe. */
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
        int area = size * size;
        for (int channel = 0; channel < channels; channel++) {
            turn(slice.pixels(), slice.offset() + channel * area, imageClass.turns(), target, to + channel * area);
        }
    }

    /** Writes one channel, rotated counter-clockwise by quarter turns. */
    private void turn(byte[] pixels, int from, int turns, FlatVector target, int to) {
        int last = size - 1;
        // The source index of row 0, column 0 of the rotated image, and the steps to its next row and column.
        int origin = from + byTurns(turns, 0, last, last * size + last, last * size);
        int down = byTurns(turns, size, -1, -size, 1);
        int right = byTurns(turns, 1, size, -1, -size);
        if (target instanceof FlatVector.OfFloat floats) {
            put(pixels, origin, down, right, floats.array(), to);
        } else {
            put(pixels, origin, down, right, target, to);
        }
    }

    /** As the method for any vector, without a virtual call per number: this loop runs for every task of a round. */
    private void put(byte[] pixels, int origin, int down, int right, float[] target, int to) {
        for (int row = 0; row < size; row++) {
            int source = origin + row * down;
            int start = to + row * size;
            for (int column = 0; column < size; column++) {
                target[start + column] = scaled[pixels[source + column * right] & 0xff];
            }
        }
    }

    private void put(byte[] pixels, int origin, int down, int right, FlatVector target, int to) {
        for (int i = 0; i < size * size; i++) {
            int source = origin + i / size * down + i % size * right;
            target.set(to + i, polarity.of(pixels[source] & 0xff));
        }
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
