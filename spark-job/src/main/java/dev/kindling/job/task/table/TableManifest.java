package dev.kindling.job.task.table;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.Split;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The manifest of a table pack, the file {@code pack.json}.
 *
 * @param format {@code kindling-table-pack}
 * @param version 1
 * @param settings with which the table was prepared, {@link TableSettings#toMap}
 * @param hash SHA-256 of the encoding and of the key, length and checksum of every group
 * @param encodingHash SHA-256 of the encoding
 * @param features names of the features
 * @param categories for each category whose values are indexed, the number of indices
 * @param classes names of the classes; empty for regression
 * @param labelStd the factor from an error of a target to one of the label; 1 for classification
 * @param ordered whether the first rows of a group are its support set
 * @param partBytes length of each part
 * @param splits groups by the name of their split
 * @param faults groups that are left out
 * @param unlabelledRows rows without a label, which are left out
 * @param shortenedGroups groups whose last rows are left out because they have more than {@code table.max-rows}
 * @param constantColumns input columns that are left out because they are constant in the training groups
 */
public record TableManifest(
        String format,
        int version,
        SortedMap<String, String> settings,
        String hash,
        String encodingHash,
        List<String> features,
        List<Integer> categories,
        List<String> classes,
        double labelStd,
        boolean ordered,
        List<Long> partBytes,
        SortedMap<String, Groups> splits,
        Faults faults,
        long unlabelledRows,
        long shortenedGroups,
        List<String> constantColumns) {
    static final String FORMAT = "kindling-table-pack";
    static final int VERSION = 1;

    private static final String CATEGORIES = "categories";

    private static final JsonMapper JSON = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /**
     * The groups of a split.
     *
     * @param groups their number
     * @param rows of all groups
     * @param keyBytes length of the file of keys
     * @param sizes for a number of rows, the number of groups that have it
     */
    public record Groups(int groups, long rows, long keyBytes, SortedMap<Integer, Integer> sizes) {
        public Groups {
            sizes = Collections.unmodifiableSortedMap(new TreeMap<>(sizes));
            sizes.values().forEach(Objects::requireNonNull);
        }

        /** These groups and others. */
        Groups and(Groups others) {
            TreeMap<Integer, Integer> both = new TreeMap<>(sizes);
            others.sizes().forEach((size, number) -> both.merge(size, number, Integer::sum));
            return new Groups(groups + others.groups(), rows + others.rows(), keyBytes + others.keyBytes(), both);
        }
    }

    /**
     * Groups that cannot be used.
     *
     * @param count their number
     * @param first keys and reasons of the first ones in the order of keys
     */
    public record Faults(long count, List<String> first) {
        /** The most groups that are listed. */
        public static final int LISTED = 20;

        public Faults {
            first = List.copyOf(first);
        }
    }

    public TableManifest {
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
        features = List.copyOf(features);
        categories = List.copyOf(categories);
        classes = List.copyOf(classes);
        partBytes = List.copyOf(partBytes);
        splits = Collections.unmodifiableSortedMap(new TreeMap<>(splits));
        splits.values().forEach(Objects::requireNonNull);
        constantColumns = List.copyOf(constantColumns);
    }

    /** The number of elements of a row's input: the features, then the indices of categories. */
    int width() {
        return features.size() + categories.size();
    }

    /** The column by which rows of a group are ordered; empty if there is none. */
    String orderColumn() {
        return settings.getOrDefault("table.order", "");
    }

    /**
     * The index of the feature that is the standardised value of {@link #orderColumn}; empty if rows are not ordered, or by
     * a column that is a category or no input. Only a number's feature has the name of its column.
     */
    OptionalInt order() {
        int index = ordered ? features.indexOf(orderColumn()) : -1;
        return index < 0 ? OptionalInt.empty() : OptionalInt.of(index);
    }

    /** The groups of a split. */
    Groups of(Split split) {
        return splits.getOrDefault(name(split), new Groups(0, 0, 0, Collections.emptySortedMap()));
    }

    /** The name of a split in the manifest and in file names. */
    static String name(Split split) {
        return switch (split) {
            case TRAIN -> "train";
            case VALIDATE -> "validation";
            case TEST -> "test";
        };
    }

    /** The text of the manifest. */
    public String json() {
        try {
            return JSON.writeValueAsString(this) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a manifest cannot be written as JSON", e);
        }
    }

    /** Parses the text of {@link #json}; BadDataException if it is damaged or of another version. */
    static TableManifest read(String text, String place) {
        TableManifest manifest;
        try {
            JsonNode tree = JSON.readTree(text);
            if (tree instanceof ObjectNode fields && !fields.has(CATEGORIES)) {
                // As in packs that were written before there were indices.
                fields.putArray(CATEGORIES);
            }
            manifest = JSON.treeToValue(tree, TableManifest.class);
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new BadDataException(place + " is damaged: it is not the manifest of a table pack", e);
        }
        if (!manifest.format().equals(FORMAT) || manifest.version() != VERSION) {
            throw new BadDataException(place + " is of format " + manifest.format() + ", version " + manifest.version()
                    + "; this Kindling reads " + FORMAT + ", version " + VERSION);
        }
        return manifest.checked(place);
    }

    private TableManifest checked(String place) {
        for (Groups each : splits.values()) {
            long groups = 0;
            long rows = 0;
            for (Map.Entry<Integer, Integer> size : each.sizes().entrySet()) {
                if (size.getKey() < 1 || size.getValue() < 1) {
                    throw new BadDataException(place + " is damaged: it lists " + size.getValue() + " groups of "
                            + size.getKey() + " rows");
                }
                groups += size.getValue();
                rows += (long) size.getKey() * size.getValue();
            }
            if (groups != each.groups() || rows != each.rows() || each.keyBytes() < 0) {
                throw new BadDataException(place + " is damaged: its numbers of groups and rows do not add up");
            }
        }
        double allBytes = partBytes.stream().mapToDouble(Long::doubleValue).sum();
        double allRows = splits.values().stream().mapToDouble(Groups::rows).sum();
        if (allRows * (width() + TablePack.TARGET_AND_WEIGHT) * Float.BYTES != allBytes) {
            throw new BadDataException(place + " is damaged: its rows do not fill its parts");
        }
        if (features.isEmpty()
                || categories.stream().anyMatch(indices -> indices < 1)
                || classes.size() == 1
                || partBytes.stream().anyMatch(bytes -> bytes < 0)) {
            throw new BadDataException(
                    place
                            + " is damaged: it has no features, a category without indices, one class or a part of negative length");
        }
        return this;
    }
}
