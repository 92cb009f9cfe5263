package dev.kindling.driver.transform;

import dev.kindling.driver.serving.PredictionPrograms;
import dev.kindling.driver.table.ColumnExpressions;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.table.TableColumns;
import dev.kindling.job.task.table.TableEncodingJson;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;

/**
 * Adds predictions to the rows of a table: a lazy function from Dataset to Dataset. Rows with a label are the support set of
 * their group and have null predictions; the others are predicted. A column of booleans may decide instead: then labelled rows
 * with {@code false} are predicted without their label.
 *
 * <p>The plan is one shuffle by group, a sort within partitions, and one pass over each partition ({@link GroupPass}). Which
 * rows a group has, and the order of its support rows (by {@code table.order}, then by a hash of the values, as in training), do
 * not depend on the partitions of the input, so neither does any bit of a prediction.
 */
public final class TableTransform {
    /** The column of predictions: a number, or the name of a class in the label's type. */
    public static final String PREDICTION = "prediction";

    /** The column of the predictive standard deviation, noise included, in the label's units. */
    public static final String STDDEV = "stddev";

    /** What the names of columns with the probability of a class begin with. */
    public static final String PROBABILITY = "probability_";

    private final TableModel model;
    private final String supportColumn;

    /**
     * A rows' transformation that is not executed yet.
     *
     * @param rows the table with the columns of the predictions
     * @param report the counts of the partitions that have been computed
     */
    public record Transformed(Dataset<Row> rows, PredictionReport report) {}

    /**
     * A transformation.
     *
     * @param supportColumn name of a column of booleans that says which rows are support; empty for all labelled rows
     */
    public TableTransform(TableModel model, String supportColumn) {
        this.model = model;
        this.supportColumn = supportColumn;
    }

    /**
     * The table with predictions.
     *
     * @throws BadDataException if columns are missing or have types that cannot be used
     * @throws IllegalArgumentException if the table has a column with the name of a prediction column
     */
    public Transformed apply(Dataset<Row> table) {
        StructType schema = table.schema();
        ColumnExpressions expressions =
                new ColumnExpressions(schema, model.encoding().columns());
        List<StructField> added = added();
        requireColumns(schema, expressions, added);
        Prepared prepared = new Prepared(table, expressions);
        PredictionReport report = new PredictionReport();
        table.sparkSession().sparkContext().register(report, "kindling predictions");
        PartitionFunction function = function(table, prepared, schema(added), report);
        RDD<InternalRow> rows = new LazyPartitions(prepared.sorted, function);
        StructType all = prepared.sorted.schema();
        for (StructField field : added) {
            all = all.add(field);
        }
        Dataset<Row> computed = dataset(table.sparkSession(), rows, all);
        return new Transformed(computed.select(selected(schema, added, expressions)), report);
    }

    /** The session's own conversion of rows in Spark's internal form, a method of another class in Spark 4. */
    @SuppressWarnings("unchecked")
    private static Dataset<Row> dataset(SparkSession session, RDD<InternalRow> rows, StructType schema) {
        try {
            return (Dataset<Row>) session.getClass()
                    .getMethod("internalCreateDataFrame", RDD.class, StructType.class, boolean.class)
                    .invoke(session, rows, schema, false);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this Spark cannot make a table of rows: " + e.getMessage(), e);
        }
    }

    /** The columns that are added, a class as text. */
    private List<StructField> added() {
        List<StructField> added = new ArrayList<>();
        if (model.encoding().classes().isEmpty()) {
            added.add(nullable(PREDICTION, DataTypes.DoubleType));
            if (model.programs().predictsVariances()) {
                added.add(nullable(STDDEV, DataTypes.DoubleType));
            }
            return added;
        }
        added.add(nullable(PREDICTION, DataTypes.StringType));
        for (String name : model.encoding().classes()) {
            added.add(nullable(PROBABILITY + name, DataTypes.DoubleType));
        }
        return added;
    }

    private static StructField nullable(String name, DataType type) {
        return new StructField(name, type, true, Metadata.empty());
    }

    private static StructType schema(List<StructField> fields) {
        return new StructType(fields.toArray(new StructField[0]));
    }

    private Column[] selected(StructType schema, List<StructField> added, ColumnExpressions expressions) {
        List<Column> selected = new ArrayList<>();
        for (String name : schema.fieldNames()) {
            selected.add(ColumnExpressions.column(name));
        }
        DataType type = model.encoding().classes().isEmpty()
                ? DataTypes.DoubleType
                : expressions.type(model.encoding().columns().label()).orElse(DataTypes.StringType);
        for (StructField field : added) {
            Column column = ColumnExpressions.column(field.name());
            selected.add(field.name().equals(PREDICTION) ? column.cast(type).alias(PREDICTION) : column);
        }
        return selected.toArray(new Column[0]);
    }

    private PartitionFunction function(
            Dataset<Row> table, Prepared prepared, StructType outputs, PredictionReport report) {
        JavaSparkContext spark =
                JavaSparkContext.fromSparkContext(table.sparkSession().sparkContext());
        Broadcast<PredictionPrograms> programs = spark.broadcast(model.programs());
        Broadcast<String> encoding = spark.broadcast(TableEncodingJson.write(model.encoding()));
        RowValues values = prepared.values();
        int mostSupport = model.mostSupport();
        int fields = prepared.sorted.schema().size();
        return (partition, rows) -> {
            PredictionCounts counts = new PredictionCounts();
            return new GroupPass(
                    new GroupPass.Setting(
                            values,
                            TableEncodingJson.read(encoding.value(), "the broadcast encoding"),
                            PredictorCache.open(programs.value()),
                            mostSupport,
                            outputs),
                    rows,
                    fields,
                    counts,
                    () -> report.add(new PredictionReport.Partition(partition, counts)));
        };
    }

    private void requireColumns(StructType schema, ColumnExpressions expressions, List<StructField> added) {
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
        for (StructField field : added) {
            if (names.contains(field.name().toLowerCase(Locale.ROOT))) {
                throw new IllegalArgumentException("the table has a column " + field.name()
                        + ", which is the name of a column of the predictions; it must be renamed");
            }
        }
        requireTypes(expressions);
    }

    private void requireTypes(ColumnExpressions expressions) {
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

    /** The rows of the table by group, with the values that are not columns of a type that is read as it is. */
    private final class Prepared {
        private final List<Column> all = new ArrayList<>();
        private final StructType schema;
        private final String prefix = "kindling_" + UUID.randomUUID().toString().replace('-', '_') + "_";
        private final RowValues values;
        private final Dataset<Row> sorted;

        Prepared(Dataset<Row> table, ColumnExpressions expressions) {
            this.schema = table.schema();
            for (String name : schema.fieldNames()) {
                all.add(ColumnExpressions.column(name));
            }
            TableColumns columns = model.encoding().columns();
            int key = position(columns.group(), true, expressions.key()).ordinal();
            Column labelled = expressions.label().isNotNull();
            int support = add(
                    supportColumn.isEmpty()
                            ? labelled
                            : functions.coalesce(ColumnExpressions.column(supportColumn), labelled));
            int hash = add(functions.xxhash64(expressions.values().toArray(new Column[0])));
            this.values = new RowValues(
                    columns,
                    key,
                    support,
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
            List<Column> order = new ArrayList<>(
                    List.of(column(wide, key).asc(), column(wide, support).desc()));
            if (!model.order().isEmpty()) {
                order.add(ColumnExpressions.column(model.order()).asc_nulls_last());
            }
            order.add(column(wide, hash).asc());
            this.sorted = wide.repartition(column(wide, key)).sortWithinPartitions(order.toArray(new Column[0]));
        }

        RowValues values() {
            return values;
        }

        private Column column(Dataset<Row> wide, int ordinal) {
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
            int ordinal = Arrays.asList(schema.fieldNames()).indexOf(name);
            RowValues.Access access =
                    ordinal < 0 || days ? null : RowValues.Access.of(schema.fields()[ordinal].dataType(), text);
            return access == null
                    ? new RowValues.Position(add(cast), text ? RowValues.Access.TEXT : RowValues.Access.DOUBLE)
                    : new RowValues.Position(ordinal, access);
        }
    }
}
