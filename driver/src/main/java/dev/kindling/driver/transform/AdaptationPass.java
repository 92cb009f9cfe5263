package dev.kindling.driver.transform;

import dev.kindling.driver.serving.GroupBatch;
import dev.kindling.driver.serving.Prediction;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/**
 * One pass over the rows of a partition, which are sorted by group with the support rows of each group first: returns the first row
 * of each group with {@link AdaptedColumns}. Memory is bounded by a batch of groups and the support rows of one group.
 */
final class AdaptationPass implements Iterator<InternalRow> {
    private static final int MOST_ROWS = 4096;

    private final GroupPass.Setting setting;
    private final Iterator<InternalRow> rows;
    private final Runnable atEnd;
    private final PredictionCounts counts;
    private final SupportReader supportReader;
    private final GroupBatch batch;
    private final int inputs;
    private final UTF8String model;

    private List<Adapted> groups = new ArrayList<>();
    private List<InternalRow> ready = List.of();
    private int emitted;
    private boolean isAtEnd;

    private @Nullable UnsafeRow first;
    private @Nullable UTF8String key;
    /** The encoded support rows of the group that is read. */
    private float[] parameters = new float[256];

    private int supports;
    private boolean isShortened;
    private boolean isFaulty;

    /**
     * A group of the batch.
     *
     * @param row its first row
     * @param parameters its encoded support rows; empty if they cannot be used
     * @param before the number of the first support row among the queries that are predicted without support rows
     * @param after the same among those that are predicted with them
     */
    private record Adapted(UnsafeRow row, Optional<float[]> parameters, int before, int after) {}

    /**
     * A pass.
     *
     * @param counts of the partition, complete when {@code atEnd} is called after the last row
     */
    AdaptationPass(GroupPass.Setting setting, Iterator<InternalRow> rows, PredictionCounts counts, Runnable atEnd) {
        this.setting = setting;
        this.rows = rows;
        this.atEnd = atEnd;
        this.counts = counts;
        this.supportReader = new SupportReader(
                setting.values(), setting.encoding(), new RowValues.Reader(setting.values()), setting.model());
        this.inputs = setting.encoding().width();
        this.batch = new GroupBatch(inputs);
        this.model = UTF8String.fromString(setting.model());
    }

    @Override
    public boolean hasNext() {
        while (emitted == ready.size() && !isAtEnd) {
            fill();
        }
        return emitted < ready.size();
    }

    @Override
    public InternalRow next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return ready.get(emitted++);
    }

    private void fill() {
        groups = new ArrayList<>();
        emitted = 0;
        batch.clear();
        while (rows.hasNext() && batch.queries() < MOST_ROWS && groups.size() < MOST_ROWS) {
            UnsafeRow row = (UnsafeRow) rows.next();
            UTF8String rowKey = row.getUTF8String(setting.values().key());
            if (first == null || !Objects.equals(key, rowKey)) {
                endGroup();
                beginGroup(row, rowKey);
            }
            if (row.getBoolean(setting.values().support()) && !isFaulty) {
                supportReader.read(row, this::add).ifPresent(this::fail);
            }
        }
        if (!rows.hasNext()) {
            endGroup();
            isAtEnd = true;
        }
        Prediction prediction = setting.predictor().predict(batch);
        ready = groups.stream().map(group -> result(group, prediction)).toList();
        if (isAtEnd) {
            atEnd.run();
        }
    }

    private void beginGroup(UnsafeRow row, @Nullable UTF8String rowKey) {
        first = row.copy();
        key = rowKey == null ? null : rowKey.clone();
        supports = 0;
        isShortened = false;
        isFaulty = false;
        if (rowKey == null) {
            fail(setting.encoding().columns().group() + " is missing");
        }
    }

    private void fail(String reason) {
        isFaulty = true;
        counts.fault(String.valueOf(key), reason);
    }

    private void add(float[] x, float target, float weight) {
        if (supports == setting.mostSupport()) {
            isShortened = true;
            return;
        }
        int length = inputs + 2;
        int at = supports * length;
        if (at + length > parameters.length) {
            parameters = Arrays.copyOf(parameters, 2 * (at + length));
        }
        System.arraycopy(x, 0, parameters, at, inputs);
        parameters[at + inputs] = target;
        parameters[at + inputs + 1] = weight;
        supports++;
        counts.supportRow();
    }

    /** Adds the group that has been read to the batch: its support rows are predicted without and with themselves. */
    private void endGroup() {
        UnsafeRow row = first;
        if (row == null) {
            return;
        }
        first = null;
        counts.group(supports > 0, isShortened);
        if (isFaulty) {
            groups.add(new Adapted(row, Optional.empty(), 0, 0));
            return;
        }
        int length = inputs + 2;
        float[] own = Arrays.copyOf(parameters, supports * length);
        batch.begin();
        int before = addQueries(own);
        batch.begin();
        for (int at = 0; at < own.length; at += length) {
            batch.addSupport(inputs(own, at), own[at + inputs], own[at + inputs + 1]);
        }
        int after = addQueries(own);
        groups.add(new Adapted(row, Optional.of(own), before, after));
    }

    private int addQueries(float[] own) {
        int from = batch.queries();
        for (int at = 0; at < own.length; at += inputs + 2) {
            batch.addQuery(inputs(own, at));
        }
        return from;
    }

    private float[] inputs(float[] own, int at) {
        return Arrays.copyOfRange(own, at, at + inputs);
    }

    private InternalRow result(Adapted group, Prediction prediction) {
        @Nullable Object[] added = {null, model, 0, null, null};
        group.parameters().ifPresent(own -> {
            added[0] = UnsafeArrayData.fromPrimitiveArray(own);
            added[2] = own.length / (inputs + 2);
            if (own.length > 0) {
                added[3] = loss(own, prediction, group.before());
                added[4] = loss(own, prediction, group.after());
            }
        });
        return new JoinedRow(group.row(), new GenericInternalRow(added));
    }

    /** The weighted mean loss of support rows, whose predictions begin at a query. */
    private double loss(float[] own, Prediction prediction, int from) {
        int length = inputs + 2;
        double sum = 0;
        double weights = 0;
        for (int row = 0; row * length < own.length; row++) {
            double weight = own[row * length + inputs + 1];
            sum += weight * loss(prediction.outputs(), from + row, own[row * length + inputs]);
            weights += weight;
        }
        return sum / weights;
    }

    /** A squared error in the label's units, or the negative logarithm of the class's probability. */
    private double loss(double[] outputs, int query, double target) {
        int classes = setting.encoding().classes().size();
        if (classes == 0) {
            double error = (outputs[query] - target) * setting.encoding().labelStd();
            return error * error;
        }
        double[] logits = Arrays.copyOfRange(outputs, query * classes, (query + 1) * classes);
        double largest = Arrays.stream(logits).max().orElseThrow();
        double sum = 0;
        for (double logit : logits) {
            sum += StrictMath.exp(logit - largest);
        }
        return StrictMath.log(sum) + largest - logits[(int) target];
    }
}
