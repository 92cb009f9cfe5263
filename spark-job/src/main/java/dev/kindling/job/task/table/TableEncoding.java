package dev.kindling.job.task.table;

import dev.kindling.job.task.Split;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The encoding of a table's rows as inputs and targets, fitted on its training groups. Immutable; every value is a function of
 * the row, the split and the key of its group, so new rows are encoded as those of the training were.
 *
 * @param columns the table's columns
 * @param encodings of the input columns, without columns that are constant in the training groups
 * @param classes sorted names of the classes; empty for regression
 * @param labelMean mean of the label, less the offset, over the rows of training groups; 0 for classification
 * @param labelStd standard deviation of the same, in the label's units; 1 for classification
 * @param clip the largest magnitude of a standardised number
 * @param seed of the folds
 * @param stack predictions of the label as further features; empty if there are none
 */
public record TableEncoding(
        TableColumns columns,
        List<ColumnEncoding> encodings,
        List<String> classes,
        double labelMean,
        double labelStd,
        double clip,
        long seed,
        Optional<StackedPrediction> stack) {
    public TableEncoding {
        encodings = List.copyOf(encodings);
        classes = List.copyOf(classes);
    }

    /** An encoding without stacked predictions. */
    public TableEncoding(
            TableColumns columns,
            List<ColumnEncoding> encodings,
            List<String> classes,
            double labelMean,
            double labelStd,
            double clip,
            long seed) {
        this(columns, encodings, classes, labelMean, labelStd, clip, seed, Optional.empty());
    }

    /** The same encoding with stacked predictions. */
    public TableEncoding with(StackedPrediction predictions) {
        return new TableEncoding(
                columns, encodings, classes, labelMean, labelStd, clip, seed, Optional.of(predictions));
    }

    /** The names of the features: those of the columns, then stacked predictions. */
    public List<String> features() {
        return Stream.concat(
                        encodings.stream().flatMap(encoding -> encoding.features().stream()),
                        stack.stream().flatMap(predictions -> predictions.names().stream()))
                .toList();
    }

    /** An encoder for one thread. */
    public Encoder encoder() {
        return new Encoder(this);
    }

    /** Encodes the rows of groups. Not thread-safe. */
    public static final class Encoder {
        private final TableEncoding encoding;
        private final int[] offsets;
        private final int columnFeatures;
        private final float[] features;
        private final Map<String, Integer> classes = new HashMap<>();

        private Encoder(TableEncoding encoding) {
            this.encoding = encoding;
            this.offsets = new int[encoding.encodings().size()];
            int width = 0;
            for (int i = 0; i < offsets.length; i++) {
                offsets[i] = width;
                width += encoding.encodings().get(i).features().size();
            }
            this.columnFeatures = width;
            this.features = new float[encoding.features().size()];
            for (int i = 0; i < encoding.classes().size(); i++) {
                classes.put(encoding.classes().get(i), i);
            }
        }

        /**
         * The values to encode a group with: for a training group those that were fitted without its fold.
         *
         * @param key of the group
         */
        public int fit(Split split, String key) {
            return split == Split.TRAIN ? 1 + GroupKeys.fold(encoding.seed(), key) : 0;
        }

        /** The features of a row, valid until the next call. */
        public float[] features(RawGroup group, int row, int fit) {
            for (int i = 0; i < offsets.length; i++) {
                encoding.encodings().get(i).encode(group, row, fit, encoding.clip(), features, offsets[i]);
            }
            if (encoding.stack().isPresent()) {
                encoding.stack().get().encode(features, fit, encoding.clip(), columnFeatures);
            }
            return features;
        }

        /** The target of a row: the standardised label, or the number of its class. */
        public float target(RawGroup group, int row) {
            if (encoding.classes().isEmpty()) {
                return (float) ((group.label(row) - encoding.labelMean()) / encoding.labelStd() + 0.0);
            }
            return classes.getOrDefault(group.className(row), -1);
        }

        /** A row's class that no training group has; empty if there is none. */
        public Optional<String> unknownClass(RawGroup group) {
            for (int row = 0; row < group.rows() && !encoding.classes().isEmpty(); row++) {
                String name = group.className(row);
                if (name != null && !classes.containsKey(name)) {
                    return Optional.of(name);
                }
            }
            return Optional.empty();
        }
    }
}
