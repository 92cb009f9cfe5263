package dev.kindling.job.task.table;

import dev.kindling.job.task.ResolvedPath;
import dev.kindling.job.task.SettingsCodec;
import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * The settings with which a table is read and prepared for {@code task.source = table}.
 *
 * @param path of the table on any file system that Spark reads, absolute; empty if {@code sql} selects it
 * @param sql a query of Spark SQL; empty if the table is read from {@code path}
 * @param format Spark's name of the format, such as {@code csv}; empty for that of the path's ending
 * @param options for Spark's reader
 * @param task regression, classification, or by the type of the label
 * @param group the column whose values are the groups
 * @param label the column that is predicted
 * @param features input columns; empty for all columns that have no other use
 * @param categorical input columns that are categories although they are numbers; texts and booleans always are
 * @param order the column by which rows of a group are ordered, so that its first rows are the support set; empty for none
 * @param weight the column of row weights; empty for weights of 1
 * @param offset the column of predictions that a regression is to improve; empty for none
 * @param split how groups are divided into training, validation and test groups
 * @param seed of that division and of the folds of crossed effects
 * @param maxRows the most rows of a group; others, last in order, are left out
 * @param maxOneHot the most values of a categorical column that is encoded with an indicator for each
 * @param crossedAbove the most values of a categorical column whose crossed effect is not a feature beside its indicators
 * @param embedding whether the values of categorical columns of many values are indexed, for methods that learn vectors of them
 * @param stack what predicts the label as one more feature
 * @param clip the largest magnitude of a standardised number
 */
public record TableSettings(
        String path,
        String sql,
        String format,
        SortedMap<String, String> options,
        Target task,
        String group,
        String label,
        List<String> features,
        List<String> categorical,
        String order,
        String weight,
        String offset,
        GroupSplit split,
        long seed,
        int maxRows,
        int maxOneHot,
        int crossedAbove,
        boolean embedding,
        Stack stack,
        double clip)
        implements Serializable {
    /** What is predicted. */
    public enum Target {
        /** Regression for numbers, classification for texts and booleans. */
        AUTO,
        /** A number. */
        REGRESSION,
        /** One of a few classes, the same for all groups. */
        CLASSIFICATION;

        /** The constant for the text of {@code table.task}. */
        public static Target parse(String text) {
            return SettingsCodec.choice(Target.class, "table.task", text);
        }
    }

    /** What predicts the label as one more feature. */
    public enum Stack {
        /** Boosted trees if there are enough training groups. */
        AUTO,
        /** Gradient-boosted trees. */
        GBT,
        /** Nothing. */
        NONE;

        /** The constant for the text of {@code table.stack}. */
        public static Stack parse(String text) {
            return SettingsCodec.choice(Stack.class, "table.stack", text);
        }
    }

    /** How groups are divided into splits. */
    public sealed interface GroupSplit extends Serializable {
        /**
         * Fractions of the groups: the split of a group depends on its key and the seed only, so that new groups change the
         * split of no other.
         */
        record Fractions(double train, double validation, double test) implements GroupSplit {
            private static final double TOLERANCE = 1e-9;

            /** Validates the fractions; IllegalArgumentException if one is negative or their sum is not 1. */
            public Fractions {
                if (!(train >= 0 && validation >= 0 && test >= 0)
                        || Math.abs(train + validation + test - 1) > TOLERANCE) {
                    throw new IllegalArgumentException("table.split is [" + train + ", " + validation + ", " + test
                            + "]; it must be the fractions of training, validation and test groups, whose sum is 1, or "
                            + "the name of a column");
                }
            }

            @Override
            public String toString() {
                return "[" + train + ", " + validation + ", " + test + "]";
            }
        }

        /** A column that holds {@code train}, {@code validation} or {@code test}, one of them for all rows of a group. */
        record Named(String column) implements GroupSplit {
            @Override
            public String toString() {
                return column;
            }
        }
    }

    /** Validates what does not depend on the table; IllegalArgumentException naming the key. */
    public TableSettings {
        options = Collections.unmodifiableSortedMap(new TreeMap<>(options));
        features = List.copyOf(features);
        categorical = List.copyOf(categorical);
        if (path.isBlank() == sql.isBlank()) {
            throw new IllegalArgumentException(
                    path.isBlank()
                            ? "table.path is empty; it must be the path of a table, or table.sql a query that selects one"
                            : "table.path is " + path + " and table.sql is " + sql + "; one of them must be empty");
        }
        require("table.group", group);
        require("table.label", label);
        SettingsCodec.atLeast(2, "table.max-rows", maxRows);
        SettingsCodec.atLeast(2, "table.max-one-hot", maxOneHot);
        SettingsCodec.atLeast(1, "table.crossed-above", crossedAbove);
        if (!(clip > 0)) {
            throw new IllegalArgumentException("table.clip is " + clip + "; it must be above 0");
        }
        if (task == Target.CLASSIFICATION && !offset.isEmpty()) {
            throw new IllegalArgumentException("table.offset is " + offset
                    + " and table.task is classification; it must be empty then (a prediction can be a feature)");
        }
    }

    /**
     * The same settings with an absolute path: the stored configuration of a run must be valid in any working directory.
     *
     * @throws IllegalArgumentException if the path is malformed or names an unknown file system
     */
    public TableSettings qualified(Configuration hadoop) {
        return path.isBlank()
                ? this
                : at(ResolvedPath.of("table.path", path, hadoop).path().toString());
    }

    /** The same settings for the table at another path. */
    public TableSettings at(String another) {
        return new TableSettings(
                another,
                "",
                format,
                options,
                task,
                group,
                label,
                features,
                categorical,
                order,
                weight,
                offset,
                split,
                seed,
                maxRows,
                maxOneHot,
                crossedAbove,
                embedding,
                stack,
                clip);
    }

    private static void require(String key, String column) {
        if (column.isBlank()) {
            throw new IllegalArgumentException(key + " is empty; it must be the name of a column of the table");
        }
    }

    /** The settings as text, which decide whether a prepared table can be used again. */
    public SortedMap<String, String> toMap() {
        SortedMap<String, String> settings = new TreeMap<>();
        settings.put("table.path", path);
        settings.put("table.sql", sql);
        settings.put("table.format", format);
        settings.put("table.options", options.toString());
        settings.put("table.task", SettingsCodec.lowerCase(task));
        settings.put("table.group", group);
        settings.put("table.label", label);
        settings.put("table.features", features.toString());
        settings.put("table.categorical", categorical.toString());
        settings.put("table.order", order);
        settings.put("table.weight", weight);
        settings.put("table.offset", offset);
        settings.put("table.split", split.toString());
        settings.put("table.seed", Long.toString(seed));
        settings.put("table.max-rows", Integer.toString(maxRows));
        settings.put("table.max-one-hot", Integer.toString(maxOneHot));
        settings.put("table.crossed-above", Integer.toString(crossedAbove));
        settings.put("table.embedding", Boolean.toString(embedding));
        settings.put("table.stack", SettingsCodec.lowerCase(stack));
        settings.put("table.clip", Double.toString(clip));
        return settings;
    }
}
