package dev.kindling.driver.transform;

import dev.kindling.driver.table.ColumnExpressions;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.table.TableColumns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;

/**
 * The rows of a table by group, with the values that are not columns of a type that is read as it is: one shuffle by key, sorted
 * within partitions by key, with the row of adapted parameters of a group first, then its support rows.
 */
final class PreparedRows {
    private final TableModel model;
    private final String supportColumn;
    private final ColumnExpressions expressions;
    private final List<Column> all = new ArrayList<>();
    private final StructType schema;
    private final String prefix = "kindling_" + UUID.randomUUID().toString().replace('-', '_') + "_";
    private final RowValues values;
    private final Dataset<Row> sorted;

    /** Which rows of a table a model adapts to. */
    enum Support {
        /** Those with a label, unless a column of booleans decides. */
        LABELLED,
        /** Those, and those with adapted parameters. */
        LABELLED_AND_ADAPTED,
        /** Those with adapted parameters alone. */
        ADAPTED
    }

    /**
     * The rows of a table.
     *
     * @param supportColumn as in {@link TableTransform}
     * @param added names of the columns that the table must not have
     * @throws BadDataException if columns are missing or have types that cannot be used
     * @throws IllegalArgumentException if the table has a column that is added
     */
    PreparedRows(TableModel model, String supportColumn, Support support, Dataset<Row> table, List<String> added) {
        this.model = model;
        this.supportColumn = support == Support.ADAPTED ? "" : supportColumn;
        this.schema = table.schema();
        this.expressions = new ColumnExpressions(schema, model.encoding().columns());
        requireColumns(added);
        for (String name : schema.fieldNames()) {
            all.add(ColumnExpressions.column(name));
        }
        TableColumns columns = model.encoding().columns();
        int key = position(columns.group(), true, expressions.key()).ordinal();
        int isSupport = add(isSupport(support));
        int hash = add(functions.xxhash64(expressions.values().toArray(new Column[0])));
        this.values = new RowValues(
                columns,
                key,
                isSupport,
                support == Support.LABELLED ? -1 : ordinal(AdaptedColumns.PARAMETERS),
                support == Support.LABELLED ? -1 : ordinal(AdaptedColumns.MODEL),
                position(columns.label(), columns.classes(), expressions.label()),
                position(columns.weight(), false, expressions.weight()),
                position(columns.offset(), false, expressions.offset()),
                columns.inputs().stream()
                        .map(input -> position(
                                input.name(),
                                input.kind() == TableColumns.Kind.CATEGORY,
                                input.kind() == TableColumns.Kind.DAYS,
                                expressions.input(input)))
                        .toList());
        Dataset<Row> wide = table.select(all.toArray(new Column[0]));
        List<Column> order = new ArrayList<>(List.of(column(wide, key).asc()));
        if (support != Support.LABELLED) {
            order.add(isAdapted().desc());
        }
        order.add(column(wide, isSupport).desc());
        if (!model.order().isEmpty()) {
            order.add(ColumnExpressions.column(model.order()).asc_nulls_last());
        }
        order.add(column(wide, hash).asc());
        this.sorted = wide.repartition(column(wide, key)).sortWithinPartitions(order.toArray(new Column[0]));
    }

    private Column isSupport(Support support) {
        Column labelled = expressions.label().isNotNull();
        Column given = supportColumn.isEmpty()
                ? labelled
                : functions.coalesce(ColumnExpressions.column(supportColumn), labelled);
        return switch (support) {
            case LABELLED -> given;
            case LABELLED_AND_ADAPTED -> isAdapted().or(given);
            case ADAPTED -> isAdapted();
        };
    }

    private static Column isAdapted() {
        return ColumnExpressions.column(AdaptedColumns.MODEL).isNotNull();
    }

    /** Where the values of a row are. */
    RowValues values() {
        return values;
    }

    /** The rows. */
    Dataset<Row> sorted() {
        return sorted;
    }

    /** The expressions for the columns of the table. */
    ColumnExpressions expressions() {
        return expressions;
    }

    private int ordinal(String name) {
        return Arrays.asList(schema.fieldNames()).indexOf(name);
    }

    private static Column column(Dataset<Row> wide, int ordinal) {
        return ColumnExpressions.column(wide.schema().fieldNames()[ordinal]);
    }

    private int add(Column value) {
        all.add(value.alias(prefix + all.size()));
        return all.size() - 1;
    }

    private RowValues.Position position(String name, boolean text, Column cast) {
        return position(name, text, false, cast);
    }

    /** A value's position: that of the column, if its type is read as it is, or of an added column. */
    private RowValues.Position position(String name, boolean text, boolean days, Column cast) {
        int ordinal = ordinal(name);
        RowValues.Access access =
                ordinal < 0 || days ? null : RowValues.Access.of(schema.fields()[ordinal].dataType(), text);
        return access == null
                ? new RowValues.Position(add(cast), text ? RowValues.Access.TEXT : RowValues.Access.DOUBLE)
                : new RowValues.Position(ordinal, access);
    }

    private void requireColumns(List<String> added) {
        Set<String> names = new HashSet<>();
        for (String name : schema.fieldNames()) {
            if (!names.add(name.toLowerCase(Locale.ROOT))) {
                throw new BadDataException("the table has two columns " + name + "; it must have one");
            }
        }
        TableColumns columns = model.encoding().columns();
        Set<String> needed = new LinkedHashSet<>(List.of(columns.group()));
        columns.inputs().forEach(input -> needed.add(input.name()));
        needed.addAll(List.of(columns.weight(), columns.offset(), model.order(), supportColumn));
        needed.remove("");
        needed.removeAll(Arrays.asList(schema.fieldNames()));
        if (!needed.isEmpty()) {
            throw new BadDataException("the table has no column " + String.join(", ", needed)
                    + ", which the model needs; its columns are " + String.join(", ", schema.fieldNames()));
        }
        for (String name : added) {
            if (names.contains(name.toLowerCase(Locale.ROOT))) {
                throw new IllegalArgumentException("the table has a column " + name
                        + ", which is the name of a column of the predictions; it must be renamed");
            }
        }
        requireTypes();
    }

    private void requireTypes() {
        TableColumns columns = model.encoding().columns();
        DataType key = expressions.type(columns.group()).orElseThrow();
        if (!(key instanceof NumericType || key instanceof StringType || isTime(key))) {
            throw unusable(columns.group(), key, "text, a number or a date");
        }
        expressions.type(columns.label()).ifPresent(type -> {
            if (columns.classes()) {
                requireScalar(columns.label(), type);
            } else {
                requireNumber(columns.label(), type);
            }
        });
        for (String name : List.of(columns.weight(), columns.offset())) {
            expressions.type(name).ifPresent(type -> requireNumber(name, type));
        }
        for (TableColumns.Input input : columns.inputs()) {
            DataType type = expressions.type(input.name()).orElseThrow();
            switch (input.kind()) {
                case NUMBER -> requireNumber(input.name(), type);
                case CATEGORY -> requireScalar(input.name(), type);
                case DAYS -> {
                    if (!(isTime(type) || type instanceof StringType)) {
                        throw unusable(input.name(), type, "a date or a timestamp");
                    }
                }
            }
        }
        expressions.type(supportColumn).ifPresent(type -> {
            if (!(type instanceof BooleanType)) {
                throw unusable(supportColumn, type, "a boolean");
            }
        });
    }

    /** Text too: a file of text has a column without values as text, and values that are no numbers are found row by row. */
    private static void requireNumber(String name, DataType type) {
        if (!(type instanceof NumericType || type instanceof StringType)) {
            throw unusable(name, type, "a number");
        }
    }

    private static void requireScalar(String name, DataType type) {
        if (!(type instanceof NumericType
                || type instanceof StringType
                || type instanceof BooleanType
                || isTime(type))) {
            throw unusable(name, type, "a number, a date, text or a boolean");
        }
    }

    private static boolean isTime(DataType type) {
        return type instanceof DateType || type instanceof TimestampType || type instanceof TimestampNTZType;
    }

    private static BadDataException unusable(String name, DataType type, String allowed) {
        return new BadDataException(
                "the column " + name + " has the type " + type.simpleString() + "; it must be " + allowed);
    }
}
