package dev.kindling.ml;

import dev.kindling.driver.table.ColumnExpressions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A Dataset as a table that a model reads: with a column for each element of vectors, and with the label in the type that it had in
 * training, because classes are compared as text.
 */
final class PredictionTable {
    private static final String LABEL = "kindling_label";

    private final StructType schema;
    private final Dataset<Row> rows;
    private final Optional<String> castLabel;

    private PredictionTable(StructType schema, Dataset<Row> rows, Optional<String> castLabel) {
        this.schema = schema;
        this.rows = rows;
        this.castLabel = castLabel;
    }

    /**
     * The table of a Dataset.
     *
     * @param elements names of the columns of the elements of vectors
     * @param labelType the type of the label in training, if it matters
     * @throws IllegalArgumentException if the Dataset is a stream
     */
    static PredictionTable of(
            Dataset<?> dataset, TableInput input, List<String> elements, String label, Optional<DataType> labelType) {
        TableInput.requireComplete(dataset, "writeStream().foreachBatch() must call transform");
        StructType schema = dataset.schema();
        Dataset<Row> rows = input.vectors()
                .map(vectors -> TableInput.expanded(dataset, vectors, elements))
                .orElseGet(dataset::toDF);
        Optional<DataType> cast = labelType.filter(type -> TableInput.find(schema, label)
                .filter(field -> !field.dataType().equals(type))
                .isPresent());
        if (cast.isPresent()) {
            rows = rows.withColumnRenamed(label, LABEL)
                    .withColumn(label, ColumnExpressions.column(LABEL).cast(cast.get()));
        }
        return new PredictionTable(schema, rows, cast.map(type -> label));
    }

    /**
     * The same table, in which a row that a column of booleans makes a support row and that has no label fails when it is read.
     *
     * @param support the column of booleans
     */
    PredictionTable requiringLabels(String support, String group, String label) {
        StructField field = TableInput.find(schema, support).orElseThrow();
        Column given = ColumnExpressions.column(support);
        Column refused = functions.raise_error(functions.concat(
                functions.lit("supportCol is " + support + ", which is true in a row of the group "),
                functions.coalesce(ColumnExpressions.column(group).cast(DataTypes.StringType), functions.lit("null")),
                functions.lit(" without a " + label + "; support rows must have one")));
        Column checked = functions
                .when(given.and(isMissing(label)), refused.cast(DataTypes.BooleanType))
                .otherwise(given);
        return new PredictionTable(schema, rows.withColumn(support, checked.as(support, field.metadata())), castLabel);
    }

    private Column isMissing(String label) {
        return TableInput.find(rows.schema(), label)
                .map(field -> ColumnExpressions.className(ColumnExpressions.column(label), field.dataType())
                        .isNull())
                .orElseGet(() -> functions.lit(true));
    }

    /** The rows that a model reads. */
    Dataset<Row> rows() {
        return rows;
    }

    /** The Dataset's own columns and others of the rows with predictions. */
    Dataset<Row> result(Dataset<Row> predicted, List<Column> added) {
        List<Column> columns = new ArrayList<>();
        for (String name : schema.fieldNames()) {
            columns.add(
                    castLabel.filter(name::equals).isPresent()
                            ? ColumnExpressions.column(LABEL).alias(name)
                            : ColumnExpressions.column(name));
        }
        columns.addAll(added);
        return predicted.select(columns.toArray(new Column[0]));
    }
}
