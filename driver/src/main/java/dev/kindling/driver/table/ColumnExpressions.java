package dev.kindling.driver.table;

import dev.kindling.job.task.table.TableColumns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Spark's expressions for the values of a table that are encoded, the same in training and prediction. Numbers are doubles, null
 * where they are missing; in a column of text a value that is no number is infinite, which no encoding accepts.
 */
public final class ColumnExpressions {
    private static final double MICROS_PER_DAY = 86_400e6;

    private final StructType schema;
    private final TableColumns columns;

    /** The expressions for the columns of a table with the given schema. */
    public ColumnExpressions(StructType schema, TableColumns columns) {
        this.schema = schema;
        this.columns = columns;
    }

    /** A column of any name. */
    public static Column column(String name) {
        return functions.col(quoted(name));
    }

    private static String quoted(String name) {
        return "`" + name.replace("`", "``") + "`";
    }

    /** The type of a column; empty if the table has no column of that name. */
    public Optional<DataType> type(String name) {
        return Arrays.stream(schema.fields())
                .filter(field -> field.name().equals(name))
                .findFirst()
                .map(StructField::dataType);
    }

    /** The group's key as text. */
    public Column key() {
        return column(columns.group()).cast(DataTypes.StringType);
    }

    /** The label: the name of a class, or a number; null in a table without the column. */
    public Column label() {
        if (type(columns.label()).isEmpty()) {
            return functions.lit(null).cast(columns.classes() ? DataTypes.StringType : DataTypes.DoubleType);
        }
        return columns.classes() ? className(columns.label()) : number(columns.label());
    }

    private Column className(String name) {
        return className(column(name), type(name).orElseThrow());
    }

    /** The name of a class; null where a label is null, or NaN, which is how other libraries write a missing number. */
    public static Column className(Column label, DataType type) {
        Column text = label.cast(DataTypes.StringType);
        return type instanceof DoubleType || type instanceof FloatType
                ? functions.when(functions.not(functions.isnan(label)), text)
                : text;
    }

    /** The weight of a row, 1 where the table has no weights. */
    public Column weight() {
        return columns.weight().isEmpty() ? functions.lit(1.0) : number(columns.weight());
    }

    /** The offset of a row, 0 where the table has no offsets. */
    public Column offset() {
        return columns.offset().isEmpty() ? functions.lit(0.0) : number(columns.offset());
    }

    /** An input column. */
    public Column input(TableColumns.Input input) {
        return switch (input.kind()) {
            case CATEGORY -> column(input.name()).cast(DataTypes.StringType);
            case NUMBER -> number(input.name());
            case DAYS -> days(input.name());
        };
    }

    /** Label, weight, offset and inputs, in this order. */
    public List<Column> values() {
        List<Column> values = new ArrayList<>(List.of(label(), weight(), offset()));
        columns.inputs().forEach(input -> values.add(input(input)));
        return values;
    }

    private Column number(String name) {
        return isText(name) ? parsed(name, DataTypes.DoubleType) : column(name).cast(DataTypes.DoubleType);
    }

    private boolean isText(String name) {
        return type(name).filter(StringType.class::isInstance).isPresent();
    }

    /** Text as a number or, if the type is a timestamp, as days; a table of text files may have a column without any value. */
    private static Column parsed(String name, DataType type) {
        Column text = functions.trim(column(name));
        Column value = functions.expr("try_cast(" + quoted(name) + " AS " + type.sql() + ")");
        return functions
                .when(text.isNull().or(text.equalTo("")), functions.lit(null))
                .otherwise(functions.coalesce(
                        type.equals(DataTypes.DoubleType) ? value : days(value),
                        functions.lit(Double.POSITIVE_INFINITY)));
    }

    private Column days(String name) {
        if (isText(name)) {
            return parsed(name, DataTypes.TimestampType);
        }
        return type(name).filter(DateType.class::isInstance).isPresent()
                ? functions.unix_date(column(name)).cast(DataTypes.DoubleType)
                : days(column(name).cast(DataTypes.TimestampType));
    }

    private static Column days(Column timestamp) {
        return functions.unix_micros(timestamp).divide(MICROS_PER_DAY);
    }
}
