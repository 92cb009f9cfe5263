package dev.kindling;

import java.util.List;
import java.util.Map;

/** N-way classification of images: each task draws classes and a few images of each. */
public final class FewShotImages {
    private FewShotImages() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the distribution. */
    public static final class Builder extends TaskDistributionBuilder<Builder> {
        private Builder() {
            super("few-shot");
        }

        @Override
        Builder self() {
            return this;
        }

        /** Folders, zips or packs of images, on any Hadoop file system. */
        public Builder data(String... paths) {
            return set("few-shot.data", List.of(paths));
        }

        /** A folder with {@code train.txt}, {@code val.txt} and {@code test.txt}, which list classes. */
        public Builder split(String folder) {
            return set("few-shot.split", folder);
        }

        /** Shares of the classes for training and validation, drawn by a seed; the rest is for tests. */
        public Builder split(double train, double validation, long seed) {
            return set("few-shot.split", Map.of("train", train, "validation", validation, "seed", seed));
        }

        /** Classes of a task. */
        public Builder ways(int classes) {
            return set("few-shot.ways", classes);
        }

        /** Height and width to which images are resized. */
        public Builder imageSize(int pixels) {
            return set("few-shot.image-size", pixels);
        }

        /** 1 for grey images, 3 for colour. */
        public Builder channels(int channels) {
            return set("few-shot.channels", channels);
        }

        /** Each class rotated by quarter turns makes four. */
        public Builder rotations() {
            return set("few-shot.rotations", true);
        }

        /** Trains on the classes of the validation split too, after the hyperparameters are chosen; there can be no validations then. */
        public Builder trainOnValidation() {
            return set("few-shot.train-on-validation", true);
        }

        /**
         * Distorts training images at random, each anew in each task.
         *
         * @param rotation largest rotation about the centre in degrees, 0 to 180
         * @param translation largest translation of rows and of columns as a fraction of the image's size, at least 0 and below 1
         * @param scaling s, at least 0 and below 1: height and width are multiplied by factors of 1 - s to 1 + s, each by its own
         * @param shear largest angle by which upright lines lean in degrees, at least 0 and below 90
         */
        public Builder augmentation(double rotation, double translation, double scaling, double shear) {
            return set("augmentation.rotation", rotation)
                    .set("augmentation.translation", translation)
                    .set("augmentation.scaling", scaling)
                    .set("augmentation.shear", shear);
        }

        /** Classes of a task, drawn for each task from a range, both ends included; for methods without an output layer of fixed width. */
        public Builder ways(int least, int most) {
            return set("few-shot.ways", List.of(least, most));
        }

        /** Which classes a task combines: {@code split} for all of them, {@code alphabet} for those whose folders are in one folder. */
        public Builder within(String name) {
            return set("few-shot.within", name);
        }

        /** What is 1 in an image, the other being 0: {@code dark}, {@code light} or {@code auto}. */
        public Builder polarity(String name) {
            return set("few-shot.polarity", name);
        }

        /** Bytes of memory for decoded images in one JVM; of a larger set the most recently used ones are cached. */
        public Builder memory(long bytes) {
            return set("few-shot.memory", bytes);
        }
    }
}
