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
 * @param embedding whether the indices of the values of categories of many values follow the features
 */
public record TableEncoding(
        TableColumns columns,
        List<ColumnEncoding> encodings,
        List<String> classes,
        double labelMean,
        double labelStd,
        double clip,
        long seed,
        Optional<StackedPrediction> stack,
        boolean embedding) {
    public TableEncoding {
        encodings = List.copyOf(encodings);
        classes = List.copyOf(classes);
    }

    /** An encoding without stacked predictions and indices. */
    public TableEncoding(
            TableColumns columns,
            List<ColumnEncoding> encodings,
            List<String> classes,
            double labelMean,
            double labelStd,
            double clip,
            long seed) {
        this(columns, encodings, classes, labelMean, labelStd, clip, seed, Optional.empty(), false);
    }

    /** The same encoding with stacked predictions. */
    public TableEncoding with(StackedPrediction predictions) {
        return new TableEncoding(
                columns, encodings, classes, labelMean, labelStd, clip, seed, Optional.of(predictions), embedding);
    }

    /** The same encoding with indices of the values of categories. */
    public TableEncoding withEmbedding() {
        return new TableEncoding(columns, encodings, classes, labelMean, labelStd, clip, seed, stack, true);
    }

    /** The number of indices of each category whose values have some. */
    public List<Integer> categories() {
        return indexed().map(ColumnEncoding.Effects::indexed).toList();
    }

    private Stream<ColumnEncoding.Effects> indexed() {
        return encodings.stream()
                .filter(each -> embedding)
                .filter(ColumnEncoding.Effects.class::isInstance)
                .map(ColumnEncoding.Effects.class::cast)
                .filter(ColumnEncoding.Effects::hasCount);
    }

    /** The number of elements of an encoded row: the features, then the indices of categories. */
    public int width() {
        return features().size() + categories().size();
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
        private final int allFeatures;
        private final List<ColumnEncoding.Effects> indexed;
        private final float[] elements;
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
            this.allFeatures = encoding.features().size();
            this.indexed = encoding.indexed().toList();
            this.elements = new float[encoding.width()];
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

        /** The features and indices of a row, valid until the next call. */
        public float[] row(RawGroup group, int row, int fit) {
            for (int i = 0; i < offsets.length; i++) {
                encoding.encodings().get(i).encode(group, row, fit, encoding.clip(), elements, offsets[i]);
            }
            if (encoding.stack().isPresent()) {
                encoding.stack().get().encode(elements, fit, encoding.clip(), columnFeatures);
            }
            for (int i = 0; i < indexed.size(); i++) {
                elements[allFeatures + i] = indexed.get(i).index(group, row);
            }
            return elements;
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
