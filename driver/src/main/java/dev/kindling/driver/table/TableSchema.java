package dev.kindling.driver.table;

import dev.kindling.job.task.table.TableColumns;
import dev.kindling.job.task.table.TableSettings;
import dev.kindling.job.task.table.TableSettings.GroupSplit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.CharType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DateType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampNTZType;
import org.apache.spark.sql.types.TimestampType;
import org.apache.spark.sql.types.VarcharType;

/** Decides the use of a table's columns from the settings and the columns' types. */
final class TableSchema {
    private final StructType schema;
    private final TableSettings settings;

    private TableSchema(StructType schema, TableSettings settings) {
        this.schema = schema;
        this.settings = settings;
    }

    /**
     * The columns of a table and their use.
     *
     * @throws IllegalArgumentException if a column is missing, has two uses or has a type that cannot be used
     */
    static TableColumns columns(StructType schema, TableSettings settings) {
        return new TableSchema(schema, settings).columns();
    }

    private TableColumns columns() {
        List<String> names = Arrays.asList(schema.fieldNames());
        Set<String> unique = new HashSet<>();
        for (String name : names) {
            if (!unique.add(name)) {
                throw new IllegalArgumentException("the table has two columns " + name + "; it must have one");
            }
        }
        key(field("table.group", settings.group()));
        boolean classes = classes(field("table.label", settings.label()));
        requireNumber("table.weight", settings.weight());
        requireNumber("table.offset", settings.offset());
        if (classes && !settings.offset().isEmpty()) {
            throw new IllegalArgumentException("table.offset is " + settings.offset() + " and the label "
                    + settings.label() + " is a class; it must be empty then (a prediction can be a feature)");
        }
        if (!settings.order().isEmpty()) {
            scalar("table.order", field("table.order", settings.order()));
        }
        if (settings.split() instanceof GroupSplit.Named named) {
            field("table.split", named.column());
        }
        List<TableColumns.Input> inputs = inputs();
        return new TableColumns(
                settings.group(),
                settings.label(),
                classes,
                inputs,
                settings.weight(),
                settings.offset(),
                !settings.order().isEmpty());
    }

    private StructField field(String key, String name) {
        return Arrays.stream(schema.fields())
                .filter(field -> field.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(key + " is " + name
                        + ", which is no column of the table; its columns are "
                        + String.join(", ", schema.fieldNames())));
    }

    private static void key(StructField field) {
        if (field.dataType() instanceof NumericType || isText(field.dataType()) || isTime(field.dataType())) {
            return;
        }
        throw unusable("table.group", field, "text, a number or a date");
    }

    private static void scalar(String key, StructField field) {
        if (!(field.dataType() instanceof NumericType
                || isText(field.dataType())
                || isTime(field.dataType())
                || field.dataType() instanceof BooleanType)) {
            throw unusable(key, field, "a number, a date, text or a boolean");
        }
    }

    private boolean classes(StructField field) {
        boolean number = field.dataType() instanceof NumericType;
        if (!number && !isText(field.dataType()) && !(field.dataType() instanceof BooleanType)) {
            throw unusable("table.label", field, "a number, text or a boolean");
        }
        if (settings.task() == TableSettings.Target.REGRESSION && !number) {
            throw new IllegalArgumentException("table.task is regression and the label " + field.name()
                    + " has the type " + field.dataType().simpleString() + "; it must be a number");
        }
        return settings.task() == TableSettings.Target.CLASSIFICATION
                || (settings.task() == TableSettings.Target.AUTO && !number);
    }

    private void requireNumber(String key, String name) {
        if (!name.isEmpty() && !(field(key, name).dataType() instanceof NumericType)) {
            throw unusable(key, field(key, name), "a number");
        }
    }

    private List<TableColumns.Input> inputs() {
        Set<String> used =
                new LinkedHashSet<>(List.of(settings.group(), settings.label(), settings.weight(), settings.offset()));
        if (settings.split() instanceof GroupSplit.Named named) {
            used.add(named.column());
        }
        Collection<String> names = settings.features();
        if (names.isEmpty()) {
            // The order column too: time usually says something about the label.
            names = new LinkedHashSet<>(Arrays.asList(schema.fieldNames()));
            names.removeAll(used);
        }
        Set<String> categorical = new HashSet<>(settings.categorical());
        List<TableColumns.Input> inputs = new ArrayList<>();
        for (String name : new LinkedHashSet<>(names)) {
            StructField field = field("table.features", name);
            if (used.contains(name)) {
                throw new IllegalArgumentException("table.features has " + name
                        + ", which is the group, label, weight, offset or split; it must be another column");
            }
            inputs.add(new TableColumns.Input(name, kind(field, categorical.remove(name))));
        }
        if (!categorical.isEmpty()) {
            throw new IllegalArgumentException(
                    "table.categorical has " + categorical.iterator().next()
                            + ", which is not among the features; they are " + String.join(", ", names));
        }
        if (inputs.isEmpty()) {
            throw new IllegalArgumentException(
                    "the table has no column but group and label; it must have one for the features");
        }
        return inputs;
    }

    private static TableColumns.Kind kind(StructField field, boolean categorical) {
        DataType type = field.dataType();
        if (type instanceof BooleanType
                || isText(type)
                || (categorical && (type instanceof NumericType || isTime(type)))) {
            return TableColumns.Kind.CATEGORY;
        }
        if (type instanceof NumericType) {
            return TableColumns.Kind.NUMBER;
        }
        if (isTime(type)) {
            return TableColumns.Kind.DAYS;
        }
        throw new IllegalArgumentException("the column " + field.name() + " has the type " + type.simpleString()
                + ", which cannot be a feature; table.features must be a list without it");
    }

    private static boolean isText(DataType type) {
        return type instanceof StringType || type instanceof CharType || type instanceof VarcharType;
    }

    static boolean isTime(DataType type) {
        return type instanceof DateType || type instanceof TimestampType || type instanceof TimestampNTZType;
    }

    private static IllegalArgumentException unusable(String key, StructField field, String allowed) {
        return new IllegalArgumentException(key + " is " + field.name() + ", a column of the type "
                + field.dataType().simpleString() + "; it must be " + allowed);
    }
}
