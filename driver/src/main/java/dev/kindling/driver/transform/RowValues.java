package dev.kindling.driver.transform;

import dev.kindling.job.task.table.RawGroup;
import dev.kindling.job.task.table.TableColumns;
import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.ByteType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/**
 * Where the values of a row are in Spark's rows.
 *
 * @param columns the table's columns and their use
 * @param parameters the column of a group's adapted parameters; negative if there is none
 * @param model the column of the hash of their model; negative if there is none
 * @param label of a row
 * @param inputs in the order of the columns' inputs
 */
record RowValues(
        TableColumns columns,
        int key,
        int support,
        int parameters,
        int model,
        Position label,
        Position weight,
        Position offset,
        List<Position> inputs)
        implements Serializable {
    RowValues {
        inputs = List.copyOf(inputs);
    }

    /** A value's column and how it is read. */
    record Position(int ordinal, Access access) implements Serializable {}

    /** Reads a value of one of Spark's types; numbers as doubles, as Spark's casts give them. */
    enum Access {
        DOUBLE(DoubleType.class, InternalRow::getDouble),
        FLOAT(FloatType.class, InternalRow::getFloat),
        LONG(LongType.class, InternalRow::getLong),
        INTEGER(IntegerType.class, InternalRow::getInt),
        SHORT(ShortType.class, InternalRow::getShort),
        BYTE(ByteType.class, InternalRow::getByte),
        TEXT(StringType.class, (row, ordinal) -> {
            throw new IllegalStateException("text is no number");
        });

        /** A number of a row. */
        @FunctionalInterface
        private interface Number {
            double read(InternalRow row, int ordinal);
        }

        private final Class<? extends DataType> type;

        /** One of the functions above, which have no state. */
        @SuppressWarnings("ImmutableEnumChecker")
        private final Number number;

        Access(Class<? extends DataType> type, Number number) {
            this.type = type;
            this.number = number;
        }

        double read(InternalRow row, int ordinal) {
            return number.read(row, ordinal);
        }

        /** How a column is read, or null if Spark must cast it first. */
        static @Nullable Access of(DataType type, boolean text) {
            for (Access access : values()) {
                if (access.type.isInstance(type) && (access == TEXT) == text) {
                    return access;
                }
            }
            return null;
        }
    }

    /** Reads the values of rows, one at a time. Not thread-safe. */
    static final class Reader {
        /** The most texts that are retained; a table of a million different ones need not have them all in memory. */
        private static final int RETAINED = 10_000;

        private final RowValues values;
        private final Position[] inputs;
        private final Map<UTF8String, String> texts = new HashMap<>();
        private final RawGroup raw;

        Reader(RowValues values) {
            this.values = values;
            this.inputs = values.inputs().toArray(new Position[0]);
            this.raw = values.columns().newGroup();
        }

        /** A row's inputs, label and weight, valid until the next call. */
        RawGroup support(InternalRow row) {
            TableColumns columns = values.columns();
            raw.clear();
            raw.add(
                    columns.classes() ? 0 : number(row, values.label()),
                    columns.classes() ? text(row, values.label().ordinal()) : null,
                    number(row, values.weight()),
                    number(row, values.offset()));
            return withInputs(row);
        }

        /** A row's inputs and offset, valid until the next call; it has no label, and the weight 1. */
        RawGroup query(InternalRow row) {
            raw.clear();
            raw.add(0, "", 1, number(row, values.offset()));
            return withInputs(row);
        }

        private RawGroup withInputs(InternalRow row) {
            for (int i = 0; i < inputs.length; i++) {
                if (inputs[i].access() == Access.TEXT) {
                    raw.text(i, text(row, inputs[i].ordinal()));
                } else {
                    raw.number(i, number(row, inputs[i]));
                }
            }
            return raw;
        }

        /** A row's offset. */
        double offset(InternalRow row) {
            return number(row, values.offset());
        }

        /** A number, NaN for null; 0 instead of -0, so that equal numbers have equal bits. */
        private static double number(InternalRow row, Position position) {
            return row.isNullAt(position.ordinal())
                    ? Double.NaN
                    : position.access().read(row, position.ordinal()) + 0.0;
        }

        private @Nullable String text(InternalRow row, int ordinal) {
            UTF8String text = row.getUTF8String(ordinal);
            if (text == null) {
                return null;
            }
            String known = texts.get(text);
            if (known == null) {
                known = text.toString();
                if (texts.size() < RETAINED) {
                    texts.put(text.clone(), known);
                }
            }
            return known;
        }
    }
}
