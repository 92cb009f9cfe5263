package dev.kindling.driver.transform;

import dev.kindling.job.task.table.RawGroup;
import dev.kindling.job.task.table.TableColumns;
import dev.kindling.job.task.table.TableEncoding;
import java.util.Arrays;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;

/** Reads the encoded support rows of groups: of labelled rows, and of rows with adapted parameters. Not thread-safe. */
final class SupportReader {
    private final RowValues values;
    private final TableColumns columns;
    private final RowValues.Reader reader;
    private final TableEncoding.Encoder encoder;
    private final int inputs;
    private final String model;

    /** Receives encoded support rows. */
    @FunctionalInterface
    interface Receiver {
        /**
         * Receives a row.
         *
         * @param x the encoded input, valid during the call
         */
        void add(float[] x, float target, float weight);
    }

    /**
     * A reader of rows.
     *
     * @param model the hash of the model whose adapted parameters are accepted
     */
    SupportReader(RowValues values, TableEncoding encoding, RowValues.Reader reader, String model) {
        this.values = values;
        this.columns = encoding.columns();
        this.reader = reader;
        this.encoder = encoding.encoder();
        this.inputs = encoding.width();
        this.model = model;
    }

    /** Passes on the support rows of a row, none of weight 0; if it cannot be used, returns the reason and passes on nothing. */
    Optional<String> read(InternalRow row, Receiver receiver) {
        return isAdapted(row) ? adapted(row, receiver) : labelled(row, receiver);
    }

    /** Whether a row has adapted parameters instead of values. */
    private boolean isAdapted(InternalRow row) {
        return values.model() >= 0 && !row.isNullAt(values.model());
    }

    private Optional<String> labelled(InternalRow row, Receiver receiver) {
        RawGroup raw = reader.support(row);
        if (raw.weight(0) == 0) {
            return Optional.empty();
        }
        Optional<String> fault = fault(raw);
        if (fault.isEmpty()) {
            receiver.add(encoder.row(raw, 0, 0), encoder.target(raw, 0), (float) raw.weight(0));
        }
        return fault;
    }

    private Optional<String> fault(RawGroup raw) {
        if (columns.classes() && raw.className(0) == null) {
            return Optional.of(columns.label() + " is missing in a support row");
        }
        return Optional.ofNullable(raw.fault(columns))
                .or(() -> encoder.unknownClass(raw)
                        .map(name -> columns.label() + " is " + name + ", which no training group has"));
    }

    private Optional<String> adapted(InternalRow row, Receiver receiver) {
        if (!row.getUTF8String(values.model()).toString().equals(model)) {
            return Optional.of("its parameters were adapted by another model");
        }
        if (row.isNullAt(values.parameters())) {
            return Optional.of("its parameters could not be adapted");
        }
        float[] parameters = row.getArray(values.parameters()).toFloatArray();
        int length = inputs + 2;
        if (parameters.length % length != 0) {
            return Optional.of(
                    "it has " + parameters.length + " adapted parameters; it must have a multiple of " + length);
        }
        for (int at = 0; at < parameters.length; at += length) {
            receiver.add(
                    Arrays.copyOfRange(parameters, at, at + inputs),
                    parameters[at + inputs],
                    parameters[at + inputs + 1]);
        }
        return Optional.empty();
    }
}
