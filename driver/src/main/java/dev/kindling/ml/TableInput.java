package dev.kindling.ml;

import dev.kindling.driver.table.ColumnExpressions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.Params;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Checks the columns that the parameters of a stage name, and turns a column of vectors into columns of numbers. */
final class TableInput {
    private final Params stage;
    private final MetaParamSet params;

    /** The columns of a stage. */
    TableInput(Params stage, MetaParamSet params) {
        this.stage = stage;
        this.params = params;
    }

    /** The column that a parameter names; empty if it is not set. */
    Optional<String> name(Param<String> param) {
        return name(stage, param);
    }

    private static Optional<String> name(Params stage, Param<String> param) {
        return stage.isDefined(param)
                ? Optional.of(stage.getOrDefault(param)).filter(name -> !name.isEmpty())
                : Optional.empty();
    }

    /** The column that a parameter names; IllegalArgumentException if it is not set. */
    String required(Param<String> param) {
        return required(stage, param);
    }

    private static String required(Params stage, Param<String> param) {
        return name(stage, param)
                .orElseThrow(() ->
                        new IllegalArgumentException(param.name() + " is not set; it must be the name of a column"));
    }

    /**
     * The column that a parameter names.
     *
     * @throws IllegalArgumentException if it is not set or the table does not have it
     */
    static StructField required(Params stage, StructType schema, Param<String> param) {
        return field(schema, param, required(stage, param));
    }

    /** The input columns; empty if a column of vectors is used. */
    Optional<List<String>> columns() {
        return stage.isDefined(params.featuresCols)
                ? Optional.of(List.of(stage.getOrDefault(params.featuresCols))).filter(names -> !names.isEmpty())
                : Optional.empty();
    }

    /** The column of vectors; empty if input columns are used. */
    Optional<String> vectors() {
        return name(params.featuresCol);
    }

    /**
     * Checks the columns of a table that is to be trained on.
     *
     * @throws IllegalArgumentException if one is not set, is missing or has a type that cannot be used
     */
    void requireTraining(StructType schema) {
        StructField label = required(stage, schema, params.labelCol);
        DataType type = label.dataType();
        boolean isClass = isClassification() && (type instanceof StringType || type instanceof BooleanType);
        if (!(isClass || type instanceof NumericType)) {
            throw unusable(params.labelCol, label, isClassification() ? "a number, text or a boolean" : "a number");
        }
        for (Param<String> param : List.of(params.weightCol, params.orderCol)) {
            name(param).ifPresent(name -> field(schema, param, name));
        }
        name(params.validationIndicatorCol)
                .ifPresent(name -> requireBoolean(schema, params.validationIndicatorCol, name));
        require(schema);
        for (String name : stage.getOrDefault(params.categoricalCols)) {
            if (!columns().orElse(List.of()).contains(name)) {
                throw new IllegalArgumentException(
                        "categoricalCols has " + name + ", which is not among featuresCols; it must be one of "
                                + columns().orElse(List.of()));
            }
        }
    }

    /**
     * Checks the columns of a table that is to be predicted, or that a model adapts to, and the column of support rows.
     *
     * @throws IllegalArgumentException if one is not set, is missing or has a type that cannot be used
     */
    void requirePrediction(StructType schema) {
        name(params.supportCol).ifPresent(name -> requireBoolean(schema, params.supportCol, name));
        require(schema);
    }

    /**
     * Checks the columns that every table must have.
     *
     * @throws IllegalArgumentException if one is not set, is missing or has a type that cannot be used
     */
    void require(StructType schema) {
        requireKey(stage, schema, params.groupCol);
        if (columns().isPresent() == vectors().isPresent()) {
            throw new IllegalArgumentException(
                    columns().isPresent()
                            ? "featuresCols and featuresCol are set; one of them must be"
                            : "featuresCols and featuresCol are not set; one of them must be");
        }
        columns().ifPresent(names -> names.forEach(name -> field(schema, params.featuresCols, name)));
        vectors().ifPresent(name -> {
            StructField field = field(schema, params.featuresCol, name);
            if (!field.dataType().equals(SQLDataTypes.VectorType())) {
                throw unusable(params.featuresCol, field, "vectors; featuresCols names columns of numbers and text");
            }
        });
        if (stage instanceof RegressionParams) {
            name(params.offsetCol).ifPresent(name -> field(schema, params.offsetCol, name));
        }
    }

    /**
     * Checks the column of groups.
     *
     * @throws IllegalArgumentException if it is not set, is missing or has floating-point numbers
     */
    static void requireKey(Params stage, StructType schema, Param<String> param) {
        StructField group = required(stage, schema, param);
        if (group.dataType() instanceof FloatType || group.dataType() instanceof DoubleType) {
            throw unusable(
                    param,
                    group,
                    "text, an integer, a decimal or a date, because equal fractions may differ in their last digits");
        }
    }

    private boolean isClassification() {
        return stage instanceof ClassificationParams;
    }

    private static void requireBoolean(StructType schema, Param<String> param, String name) {
        StructField field = field(schema, param, name);
        if (!(field.dataType() instanceof BooleanType)) {
            throw unusable(param, field, "booleans");
        }
    }

    private static StructField field(StructType schema, Param<?> param, String name) {
        return find(schema, name)
                .orElseThrow(() -> new IllegalArgumentException(param.name() + " has " + name
                        + ", which is no column of the table; its columns are "
                        + String.join(", ", schema.fieldNames())));
    }

    /**
     * Refuses a stream.
     *
     * @param instead what to do
     */
    static void requireComplete(Dataset<?> dataset, String instead) {
        if (dataset.isStreaming()) {
            throw new IllegalArgumentException("the Dataset is a stream, whose groups are never complete; " + instead);
        }
    }

    static Optional<StructField> find(StructType schema, String name) {
        return Arrays.stream(schema.fields())
                .filter(field -> field.name().equals(name))
                .findFirst();
    }

    private static IllegalArgumentException unusable(Param<?> param, StructField field, String allowed) {
        return new IllegalArgumentException(param.name() + " has " + field.name() + ", a column of the type "
                + field.dataType().simpleString() + "; it must be " + allowed);
    }

    /**
     * The schema with columns added.
     *
     * @param added the parameter and type of each
     * @throws IllegalArgumentException if the table has a column of that name
     */
    static StructType with(Params stage, StructType schema, Map<Param<String>, DataType> added) {
        Set<String> names = new LinkedHashSet<>();
        for (String name : schema.fieldNames()) {
            names.add(name.toLowerCase(Locale.ROOT));
        }
        StructType all = schema;
        for (Map.Entry<Param<String>, DataType> column : added.entrySet()) {
            String name = stage.getOrDefault(column.getKey());
            if (!names.add(name.toLowerCase(Locale.ROOT))) {
                throw new IllegalArgumentException(column.getKey().name() + " is " + name
                        + ", which is a column of the table already; it must be another name");
            }
            all = all.add(name, column.getValue(), true);
        }
        return all;
    }

    /** The names of the columns of the elements of vectors. */
    static List<String> elements(String vectors, int size) {
        return IntStream.range(0, size).mapToObj(i -> vectors + "[" + i + "]").toList();
    }

    /**
     * The size of the vectors of a column, from the column's metadata or from all rows.
     *
     * @throws IllegalArgumentException if they have several sizes, or there is none
     */
    static int size(Dataset<?> table, String vectors) {
        Column size = functions.size(array(vectors));
        Row sizes = table.filter(ColumnExpressions.column(vectors).isNotNull())
                .agg(functions.min(size), functions.max(size))
                .first();
        if (sizes.isNullAt(0)) {
            throw new IllegalArgumentException(
                    "featuresCol is " + vectors + ", which has no vector; it must have some");
        }
        if (sizes.getInt(0) != sizes.getInt(1)) {
            throw new IllegalArgumentException("featuresCol is " + vectors + ", which has vectors of " + sizes.getInt(0)
                    + " and of " + sizes.getInt(1) + " elements; all must have the same size");
        }
        return sizes.getInt(0);
    }

    private static Column array(String vectors) {
        return org.apache.spark.ml.functions.vector_to_array(ColumnExpressions.column(vectors), "float64");
    }

    /** The table with a column for each element of vectors. A vector of another size fails when it is read. */
    static Dataset<Row> expanded(Dataset<?> table, String vectors, List<String> names) {
        int size = names.size();
        Column array = array(vectors);
        Column checked = functions
                .when(
                        ColumnExpressions.column(vectors).isNull(),
                        functions.lit(null).cast(DataTypes.createArrayType(DataTypes.DoubleType)))
                .when(functions.size(array).equalTo(size), array)
                .otherwise(functions
                        .raise_error(functions.concat(
                                functions.lit("featuresCol is " + vectors + ", which has a vector of "),
                                functions.size(array).cast(DataTypes.StringType),
                                functions.lit(" elements; all must have " + size)))
                        .cast(DataTypes.createArrayType(DataTypes.DoubleType)));
        String temporary = "kindling_" + vectors;
        List<Column> columns = new ArrayList<>();
        for (String name : table.schema().fieldNames()) {
            columns.add(ColumnExpressions.column(name));
        }
        Dataset<Row> withArray = table.withColumn(temporary, checked);
        for (int i = 0; i < size; i++) {
            columns.add(ColumnExpressions.column(temporary).getItem(i).alias(names.get(i)));
        }
        return withArray.select(columns.toArray(new Column[0]));
    }
}
