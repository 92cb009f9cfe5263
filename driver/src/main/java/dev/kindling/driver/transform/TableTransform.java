package dev.kindling.driver.transform;

import dev.kindling.driver.serving.PredictionPrograms;
import dev.kindling.driver.table.ColumnExpressions;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.table.TableEncodingJson;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

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
    private static final String TEMPORARY = "kindling_new_";

    private final TableModel model;
    private final String supportColumn;
    private final PredictionColumns names;

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
        this(model, supportColumn, PredictionColumns.DEFAULT);
    }

    /** As {@link #TableTransform(TableModel, String)}, with other names of the columns that are added. */
    public TableTransform(TableModel model, String supportColumn, PredictionColumns names) {
        this.model = model;
        this.supportColumn = supportColumn;
        this.names = names;
    }

    /**
     * The table with predictions.
     *
     * @throws BadDataException if columns are missing or have types that cannot be used
     * @throws IllegalArgumentException if the table has a column with the name of a prediction column
     */
    public Transformed apply(Dataset<Row> table) {
        return apply(table, PreparedRows.Support.LABELLED);
    }

    /**
     * A table whose rows are predicted from adapted parameters, whatever their labels.
     *
     * @param table rows to predict and rows with {@link AdaptedColumns}, which are not in the result
     * @param dropped the columns of the adapted parameters that the table to predict does not have
     * @throws BadDataException as {@link #apply}
     * @throws IllegalArgumentException as {@link #apply}
     */
    public Transformed applyAdapted(Dataset<Row> table, List<String> dropped) {
        Transformed transformed = apply(table, PreparedRows.Support.ADAPTED);
        Column isAdapted = ColumnExpressions.column(AdaptedColumns.MODEL).isNotNull();
        Dataset<Row> rows = transformed.rows().filter(functions.not(isAdapted));
        return new Transformed(rows.drop(dropped.toArray(new String[0])), transformed.report());
    }

    /**
     * Adapts the model to each group of a table: a row for each group with its key and {@link AdaptedColumns}. Rows of a table of
     * adapted parameters that are in the table too are the support rows that the group had before.
     *
     * @throws BadDataException as {@link #apply}
     * @throws IllegalArgumentException as {@link #apply}
     */
    public Transformed adapt(Dataset<Row> table) {
        List<String> names = Arrays.asList(table.schema().fieldNames());
        boolean isUpdate = names.contains(AdaptedColumns.PARAMETERS) && names.contains(AdaptedColumns.MODEL);
        Dataset<Row> given =
                table.drop(AdaptedColumns.SUPPORT_ROWS, AdaptedColumns.LOSS_BEFORE, AdaptedColumns.LOSS_AFTER);
        PreparedRows prepared = new PreparedRows(
                model,
                supportColumn,
                isUpdate ? PreparedRows.Support.LABELLED_AND_ADAPTED : PreparedRows.Support.LABELLED,
                given,
                isUpdate ? List.of() : AdaptedColumns.NAMES);
        List<StructField> added = List.of(
                temporary(AdaptedColumns.PARAMETERS, DataTypes.createArrayType(DataTypes.FloatType, false)),
                temporary(AdaptedColumns.MODEL, DataTypes.StringType),
                temporary(AdaptedColumns.SUPPORT_ROWS, DataTypes.IntegerType),
                temporary(AdaptedColumns.LOSS_BEFORE, DataTypes.DoubleType),
                temporary(AdaptedColumns.LOSS_AFTER, DataTypes.DoubleType));
        Transformed computed = computed(prepared, added, AdaptationPass::new);
        List<Column> selected = new ArrayList<>(
                List.of(ColumnExpressions.column(model.encoding().columns().group())));
        for (String name : AdaptedColumns.NAMES) {
            selected.add(ColumnExpressions.column(TEMPORARY + name).alias(name));
        }
        return new Transformed(computed.rows().select(selected.toArray(new Column[0])), computed.report());
    }

    /** A column whose name the table does not have. */
    private static StructField temporary(String name, DataType type) {
        return nullable(TEMPORARY + name, type);
    }

    private Transformed apply(Dataset<Row> table, PreparedRows.Support support) {
        List<StructField> added = added();
        PreparedRows prepared = new PreparedRows(
                model,
                supportColumn,
                support,
                table,
                added.stream().map(StructField::name).toList());
        Transformed computed = computed(prepared, added, GroupPass::new);
        return new Transformed(
                computed.rows().select(selected(table.schema(), added, prepared.expressions())), computed.report());
    }

    /** Makes the pass over the rows of one partition, on an executor. */
    @FunctionalInterface
    private interface PassFactory extends Serializable {
        /**
         * The pass.
         *
         * @param counts of the partition, complete when {@code atEnd} is called after the last row
         */
        Iterator<InternalRow> pass(
                GroupPass.Setting setting, Iterator<InternalRow> rows, PredictionCounts counts, Runnable atEnd);
    }

    /** What a pass makes of the rows, with the added columns. */
    private Transformed computed(PreparedRows prepared, List<StructField> added, PassFactory passes) {
        Dataset<Row> sorted = prepared.sorted();
        JavaSparkContext spark =
                JavaSparkContext.fromSparkContext(sorted.sparkSession().sparkContext());
        PredictionReport report = new PredictionReport();
        spark.sc().register(report, "kindling predictions");
        Broadcast<PredictionPrograms> programs = spark.broadcast(model.programs());
        Broadcast<String> encoding = spark.broadcast(TableEncodingJson.write(model.encoding()));
        RowValues values = prepared.values();
        int mostSupport = model.mostSupport();
        int fields = sorted.schema().size();
        String hash = model.hash();
        PredictionColumns columns = names;
        StructType outputs = new StructType(added.toArray(new StructField[0]));
        PartitionFunction function = (partition, rows) -> {
            PredictionCounts counts = new PredictionCounts();
            GroupPass.Setting setting = new GroupPass.Setting(
                    values,
                    TableEncodingJson.read(encoding.value(), "the broadcast encoding"),
                    PredictorCache.open(programs.value()),
                    mostSupport,
                    hash,
                    columns,
                    fields,
                    outputs);
            return passes.pass(
                    setting, rows, counts, () -> report.add(new PredictionReport.Partition(partition, counts)));
        };
        return new Transformed(LazyPartitions.dataset(sorted, added, function), report);
    }

    /** The columns that are added, a class as text. */
    private List<StructField> added() {
        List<StructField> added = new ArrayList<>();
        if (model.encoding().classes().isEmpty()) {
            added.add(nullable(names.prediction(), DataTypes.DoubleType));
            if (model.programs().predictsVariances() && !names.stddev().isEmpty()) {
                added.add(nullable(names.stddev(), DataTypes.DoubleType));
            }
            return added;
        }
        added.add(nullable(names.prediction(), DataTypes.StringType));
        requireDistinctClasses();
        for (String prefix : List.of(names.probability(), names.logit())) {
            for (String name :
                    prefix.isEmpty() ? List.<String>of() : model.encoding().classes()) {
                added.add(nullable(prefix + name, DataTypes.DoubleType));
            }
        }
        return added;
    }

    /** Names of columns are equal to Spark if they differ in case only. */
    private void requireDistinctClasses() {
        Map<String, String> byLowerCase = new HashMap<>();
        for (String name : model.encoding().classes()) {
            String other = byLowerCase.put(name.toLowerCase(Locale.ROOT), name);
            if (other != null) {
                throw new IllegalArgumentException("the classes " + other + " and " + name
                        + " differ in case only, so that the columns of their probabilities would have one name; the model must be"
                        + " trained with other names");
            }
        }
    }

    private static StructField nullable(String name, DataType type) {
        return new StructField(name, type, true, Metadata.empty());
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
            selected.add(
                    field.name().equals(names.prediction()) ? column.cast(type).alias(names.prediction()) : column);
        }
        return selected.toArray(new Column[0]);
    }
}
