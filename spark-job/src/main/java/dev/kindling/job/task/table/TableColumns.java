package dev.kindling.job.task.table;

import java.io.Serializable;
import java.util.List;

/**
 * The columns of a table and their use.
 *
 * @param group name of the column of group keys
 * @param label name of the column that is predicted
 * @param classes whether the label is a class
 * @param inputs input columns in the order of the table
 * @param weight name of the column of row weights; empty if there is none
 * @param offset name of the column of predictions to improve; empty if there is none
 * @param ordered whether rows of a group are ordered
 */
public record TableColumns(
        String group, String label, boolean classes, List<Input> inputs, String weight, String offset, boolean ordered)
        implements Serializable {
    /** An input column; {@code kind} decides how it is read and encoded. */
    public record Input(String name, Kind kind) implements Serializable {}

    /** The kinds of input columns. */
    public enum Kind {
        /** A number, NaN where it is missing. */
        NUMBER,
        /** A date or timestamp as days since 1970-01-01, NaN where it is missing. */
        DAYS,
        /** A category as text, null where it is missing. */
        CATEGORY
    }

    public TableColumns {
        inputs = List.copyOf(inputs);
    }

    /** An empty group with these input columns. */
    public RawGroup newGroup() {
        return new RawGroup(
                inputs.stream().map(input -> input.kind() == Kind.CATEGORY).toList());
    }
}
