package dev.kindling;

import dev.kindling.driver.table.TableView;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Regression and classification on tables: each group of rows is a task (docs/tables.md). */
public final class Tables {
    private Tables() {}

    /**
     * A builder; what it does not set keeps the default of {@code reference.conf}, but all groups of a split are validated
     * and evaluated.
     */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * A builder for a table of a running session. The table is read when a training begins, so its session must still run
     * then.
     */
    public static Builder of(Dataset<Row> table) {
        return new Builder().sql(TableView.of(table).query());
    }

    /** Builds the distribution. */
    public static final class Builder extends TaskDistributionBuilder<Builder> {
        private Builder() {
            super("table");
            set("validation.tasks", "all");
            set("evaluation.tasks", "all");
        }

        @Override
        Builder self() {
            return this;
        }

        /** The path of the table, on any file system that Spark reads. */
        public Builder path(String path) {
            return set("table.path", path);
        }

        /** A query of Spark SQL that selects the table. */
        public Builder sql(String query) {
            return set("table.sql", query);
        }

        /** The format of the path, where its ending does not name it. */
        public Builder format(String format) {
            return set("table.format", format);
        }

        /** Options of Spark's reader. */
        public Builder options(Map<String, String> options) {
            return set("table.options", options);
        }

        /** The column whose values are the groups. */
        public Builder group(String column) {
            return set("table.group", column);
        }

        /** The column that is predicted: a class if it is text or a boolean, otherwise a number. */
        public Builder label(String column) {
            return set("table.label", column);
        }

        /** The label is a class although it is a number. */
        public Builder classification() {
            return set("table.task", "classification");
        }

        /** The input columns; all columns without another use if this is not called. */
        public Builder features(String... columns) {
            return set("table.features", List.of(columns));
        }

        /** Input columns that are categories although they are numbers. */
        public Builder categorical(String... columns) {
            return set("table.categorical", List.of(columns));
        }

        /** The column by which rows are ordered: the first rows of a group are its support set. */
        public Builder order(String column) {
            return set("table.order", column);
        }

        /** The column of row weights; rows of weight 0 are left out. */
        public Builder weight(String column) {
            return set("table.weight", column);
        }

        /** The column of predictions that a regression improves. */
        public Builder offset(String column) {
            return set("table.offset", column);
        }

        /** Fractions of training, validation and test groups, drawn by a seed. */
        public Builder split(double train, double validation, double test, long seed) {
            return set("table.split", List.of(train, validation, test)).set("table.seed", seed);
        }

        /** The column that holds {@code train}, {@code validation} or {@code test}. */
        public Builder split(String column) {
            return set("table.split", column);
        }

        /** The most rows of a group. */
        public Builder maxRows(int rows) {
            return set("table.max-rows", rows);
        }

        /** The most values of a categorical column with an indicator for each. */
        public Builder maxOneHot(int values) {
            return set("table.max-one-hot", values);
        }

        /** The most values of a categorical column whose crossed effect is not a feature beside its indicators. */
        public Builder crossedAbove(int values) {
            return set("table.crossed-above", values);
        }

        /** Indices of the values of categorical columns of many values, of which {@link BayesianLinear} learns vectors. */
        public Builder embedding() {
            return set("table.embedding", true);
        }

        /**
         * Adds a prediction of the label as one more feature.
         *
         * @param by {@code gbt} for gradient-boosted trees, {@code auto} or {@code none}
         */
        public Builder stack(String by) {
            return set("table.stack", by);
        }

        /** Largest magnitude of a standardised number. */
        public Builder clip(double magnitude) {
            return set("table.clip", magnitude);
        }

        /**
         * How a training task draws its group.
         *
         * @param how {@code groups} for equal probabilities, or {@code rows} for some in proportion to a group's query rows
         */
        public Builder draw(String how) {
            return set("table.draw", how);
        }

        /**
         * How a training task draws its number of support rows.
         *
         * @param how {@code mix}, {@code uniform} or {@code most}
         */
        public Builder supportDraw(String how) {
            return set("table.support-draw", how);
        }

        /** Support rows of a group in validation and evaluation. */
        public Builder evaluationSupport(int rows) {
            return set("evaluation.support", rows);
        }

        /** Numbers of support rows of a group in validation and evaluation, drawn as in training. */
        public Builder evaluationSupport(int least, int most) {
            return set("evaluation.support", List.of(least, most));
        }
    }
}
