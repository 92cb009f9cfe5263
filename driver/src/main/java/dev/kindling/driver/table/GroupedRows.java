package dev.kindling.driver.table;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.table.GroupKeys;
import dev.kindling.job.task.table.RawGroup;
import dev.kindling.job.task.table.TableColumns;
import dev.kindling.job.task.table.TableSettings;
import dev.kindling.job.task.table.TableSettings.GroupSplit;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a table after one shuffle: all rows of a group are in one partition, partitions are sorted by the group's key,
 * then {@code table.order}, then a hash of the row, then all its columns. The number of partitions follows from the number of
 * rows and columns, so that what a partition holds, and in which order, depends neither on the order of the input nor on how
 * it was partitioned. Spark keeps the shuffled rows for all passes over them.
 */
final class GroupedRows implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Bytes of encoded rows that one partition should have; a guess, since the encoding is not known yet. */
    private static final long PARTITION_BYTES = 16L << 20;

    private static final int GUESSED_FEATURES_PER_COLUMN = 4;
    private static final int MOST_PARTITIONS = 4096;

    /** Positions of a row's columns; the inputs follow. */
    private static final int KEY = 0;

    private static final int SPLIT = 1;
    private static final int ORDER = 2;
    private static final int HASH = 3;
    private static final int LABEL = 4;
    private static final int WEIGHT = 5;
    private static final int OFFSET = 6;
    private static final int INPUTS = 7;

    private static final Column NONE = functions.lit(null).cast(DataTypes.StringType);

    private final TableColumns columns;
    private final TableSettings settings;
    private final boolean[] isText;
    private final transient JavaRDD<InternalRow> rows;

    private GroupedRows(TableColumns columns, TableSettings settings, JavaRDD<InternalRow> rows) {
        this.columns = columns;
        this.settings = settings;
        this.rows = rows;
        this.isText = new boolean[columns.inputs().size()];
        for (int i = 0; i < isText.length; i++) {
            isText[i] = columns.inputs().get(i).kind() == TableColumns.Kind.CATEGORY;
        }
    }

    /**
     * Shuffles the rows of a table. Those of weight 0 are left out.
     *
     * @throws BadDataException if the table is empty or a key is null
     */
    static GroupedRows of(Dataset<Row> given, TableColumns columns, TableSettings settings) {
        Dataset<Row> table = weighted(given, columns);
        Row counts = table.agg(
                        functions.count(functions.lit(1)), functions.count(ColumnExpressions.column(columns.group())))
                .first();
        long count = counts.getLong(0);
        if (count == 0) {
            throw new BadDataException(
                    columns.weight().isEmpty()
                            ? "the table has no rows"
                            : "the table has no rows with a " + columns.weight() + " above 0");
        }
        if (counts.getLong(1) < count) {
            throw new BadDataException("table.group is " + columns.group() + ", which is null in "
                    + (count - counts.getLong(1)) + " of " + count + " rows; every row must have a group");
        }
        List<Column> all = projection(table.schema(), columns, settings);
        Dataset<Row> projected = table.select(all.toArray(new Column[0]));
        List<Column> order = new ArrayList<>(List.of(
                functions.col(name(KEY)), functions.col(name(ORDER)).asc_nulls_last(), functions.col(name(HASH))));
        for (int i = LABEL; i < all.size(); i++) {
            order.add(functions.col(name(i)));
        }
        Dataset<Row> sorted = projected
                .repartition(partitions(count, columns.inputs().size()), functions.col(name(KEY)))
                .sortWithinPartitions(order.toArray(new Column[0]));
        return new GroupedRows(
                columns, settings, sorted.queryExecution().toRdd().toJavaRDD());
    }

    private static Dataset<Row> weighted(Dataset<Row> table, TableColumns columns) {
        Column isZero = new ColumnExpressions(table.schema(), columns).weight().equalTo(0.0);
        return columns.weight().isEmpty()
                ? table
                : table.filter(functions.not(functions.coalesce(isZero, functions.lit(false))));
    }

    private static String name(int position) {
        return "c" + position;
    }

    private static int partitions(long rows, int columns) {
        long bytes = rows * Float.BYTES * (GUESSED_FEATURES_PER_COLUMN * (long) columns + 2);
        return (int) Math.max(1, Math.min(MOST_PARTITIONS, (bytes + PARTITION_BYTES - 1) / PARTITION_BYTES));
    }

    private static List<Column> projection(StructType schema, TableColumns columns, TableSettings settings) {
        ColumnExpressions expressions = new ColumnExpressions(schema, columns);
        List<Column> values = expressions.values();
        List<Column> all = new ArrayList<>();
        all.add(expressions.key());
        all.add(
                settings.split() instanceof GroupSplit.Named named
                        ? ColumnExpressions.column(named.column()).cast(DataTypes.StringType)
                        : NONE);
        all.add(settings.order().isEmpty() ? NONE : ColumnExpressions.column(settings.order()));
        all.add(functions.xxhash64(values.toArray(new Column[0])));
        all.addAll(values);
        for (int i = 0; i < all.size(); i++) {
            all.set(i, all.get(i).alias(name(i)));
        }
        return all;
    }

    TableColumns columns() {
        return columns;
    }

    /** The partitions of sorted rows, to be read with {@link #visit}. */
    JavaRDD<InternalRow> rows() {
        return rows;
    }

    /** Receives the groups of a partition in the order of their keys. */
    @FunctionalInterface
    interface Visitor {
        /**
         * Receives a group.
         *
         * @param group its rows, which are valid during the call
         */
        void group(Visited group) throws Exception;
    }

    /**
     * A group of a partition.
     *
     * @param split of the group; empty where {@code splitFault} says why it has none
     * @param splitFault why the group has no split, as a clause
     * @param unlabelled rows without a label, which are not among its rows
     * @param shortened whether rows were left out
     */
    record Visited(
            String key,
            Optional<Split> split,
            Optional<String> splitFault,
            RawGroup rows,
            long unlabelled,
            boolean shortened) {}

    /** Passes the groups of one partition to a visitor. */
    void visit(Iterator<InternalRow> partition, Visitor visitor) throws Exception {
        new Scan(visitor).run(partition);
    }

    /** One pass over a partition. */
    private final class Scan {
        private final Visitor visitor;
        private final RawGroup group = columns.newGroup();
        private @Nullable UTF8String key;
        private @Nullable String split;
        private @Nullable String otherSplit;
        private long unlabelled;
        private boolean shortened;

        Scan(Visitor visitor) {
            this.visitor = visitor;
        }

        void run(Iterator<InternalRow> partition) throws Exception {
            while (partition.hasNext()) {
                InternalRow row = partition.next();
                UTF8String next = row.getUTF8String(KEY);
                if (!next.equals(key)) {
                    end();
                    // The row's memory is used for the next row.
                    begin(next.clone(), text(row, SPLIT));
                }
                add(row);
            }
            end();
        }

        private void begin(UTF8String next, @Nullable String splitName) {
            key = next;
            split = splitName;
            otherSplit = splitName;
            unlabelled = 0;
            shortened = false;
            group.clear();
        }

        private void add(InternalRow row) {
            String named = text(row, SPLIT);
            if (named == null ? split != null : !named.equals(split)) {
                otherSplit = named;
            }
            if (row.isNullAt(LABEL)) {
                unlabelled++;
            } else if (group.rows() == settings.maxRows()) {
                shortened = true;
            } else {
                group.add(
                        columns.classes() ? 0 : row.getDouble(LABEL),
                        columns.classes() ? text(row, LABEL) : null,
                        number(row, WEIGHT),
                        number(row, OFFSET));
                for (int i = 0; i < isText.length; i++) {
                    if (isText[i]) {
                        group.text(i, text(row, INPUTS + i));
                    } else {
                        group.number(i, number(row, INPUTS + i));
                    }
                }
            }
        }

        private void end() throws Exception {
            if (key != null) {
                String text = key.toString();
                Optional<String> fault = splitFault();
                visitor.group(new Visited(
                        text,
                        fault.isPresent() ? Optional.empty() : Optional.of(splitOf(text)),
                        fault,
                        group,
                        unlabelled,
                        shortened));
            }
        }

        private Optional<String> splitFault() {
            if (!(settings.split() instanceof GroupSplit.Named named)) {
                return Optional.empty();
            }
            if (split == null ? otherSplit != null : !split.equals(otherSplit)) {
                return Optional.of(named.column() + " is both " + split + " and " + otherSplit
                        + "; it must be the same in all rows of a group");
            }
            return named(split).isPresent()
                    ? Optional.empty()
                    : Optional.of(named.column() + " is " + split + "; it must be train, validation or test");
        }

        private Split splitOf(String text) {
            return settings.split() instanceof GroupSplit.Fractions fractions
                    ? GroupKeys.split(fractions, settings.seed(), text)
                    : named(split).orElseThrow();
        }
    }

    private static Optional<Split> named(@Nullable String name) {
        return switch (String.valueOf(name)) {
            case "train" -> Optional.of(Split.TRAIN);
            case "validation", "val" -> Optional.of(Split.VALIDATE);
            case "test" -> Optional.of(Split.TEST);
            default -> Optional.empty();
        };
    }

    private static @Nullable String text(InternalRow row, int column) {
        UTF8String text = row.getUTF8String(column);
        return text == null ? null : text.toString();
    }

    /** A number, NaN for null; 0 instead of -0, so that equal numbers have equal bits. */
    private static double number(InternalRow row, int column) {
        return row.isNullAt(column) ? Double.NaN : row.getDouble(column) + 0.0;
    }
}
