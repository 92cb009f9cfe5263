package dev.kindling.driver.transform;

import dev.kindling.driver.serving.AdaptedTask;
import dev.kindling.driver.serving.GroupBatch;
import dev.kindling.driver.serving.GroupPredictor;
import dev.kindling.driver.serving.Prediction;
import dev.kindling.job.task.table.RawGroup;
import dev.kindling.job.task.table.TableColumns;
import dev.kindling.job.task.table.TableEncoding;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.JoinedRow;
import org.apache.spark.sql.catalyst.expressions.SpecificInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import org.jspecify.annotations.Nullable;

/**
 * One pass over the rows of a partition, which are sorted by group with the support rows of each group first: reads rows until a
 * batch is full, predicts the batch, and returns its rows with the predictions. Memory is bounded by a batch and the support
 * rows of one group; a group of more rows goes on in the next batch, at a place that depends on the group alone.
 */
final class GroupPass implements Iterator<InternalRow> {
    private static final int MOST_ROWS = 4096;
    private static final int MOST_BYTES = 4 << 20;
    private static final int FAULTY = -1;

    /**
     * The parts of a pass that do not depend on the partition.
     *
     * @param mostSupport the most support rows of a group
     * @param model the hash of the model
     * @param names of the columns of the predictions
     * @param fields of a row that is read
     * @param added the columns of the predictions
     */
    record Setting(
            RowValues values,
            TableEncoding encoding,
            GroupPredictor predictor,
            int mostSupport,
            String model,
            PredictionColumns names,
            int fields,
            StructType added) {}

    private final Setting setting;
    private final TableColumns columns;
    private final Iterator<InternalRow> rows;
    private final Runnable atEnd;
    private final PredictionCounts counts;
    private final RowValues.Reader reader;
    private final SupportReader supportReader;
    private final TableEncoding.Encoder encoder;
    private final GroupBatch batch;
    private final RowArena arena;
    private final UTF8String[] classes;
    private final SpecificInternalRow outputs;
    private final JoinedRow joined = new JoinedRow();

    /** Offsets of the queries of the batch. */
    private double[] offsets = new double[MOST_ROWS];

    private @Nullable UnsafeRow pending;
    private @Nullable UTF8String key;
    private boolean hasKey;
    private int supports;
    private boolean isShortened;
    private boolean isPoisoned;
    private boolean isReported;

    private double[] predicted = {};
    private double[] probabilities = {};
    private int[] best = {};
    private Optional<double[]> variances = Optional.empty();
    private int emitted;
    private boolean isAtEnd;

    /**
     * A pass.
     *
     * @param counts of the partition, complete when {@code atEnd} is called after the last row
     */
    GroupPass(Setting setting, Iterator<InternalRow> rows, PredictionCounts counts, Runnable atEnd) {
        this.setting = setting;
        this.columns = setting.encoding().columns();
        this.rows = rows;
        this.atEnd = atEnd;
        this.counts = counts;
        this.reader = new RowValues.Reader(setting.values());
        this.supportReader = new SupportReader(setting.values(), setting.encoding(), reader, setting.model());
        this.encoder = setting.encoding().encoder();
        this.batch = new GroupBatch(setting.encoding().width());
        this.arena = new RowArena(setting.fields());
        this.classes = setting.encoding().classes().stream()
                .map(UTF8String::fromString)
                .toArray(UTF8String[]::new);
        this.outputs = new SpecificInternalRow(setting.added());
    }

    @Override
    public boolean hasNext() {
        if (emitted == arena.rows() && !isAtEnd) {
            fill();
        }
        return emitted < arena.rows();
    }

    @Override
    public InternalRow next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        write(arena.number(emitted));
        InternalRow row = arena.row(emitted);
        emitted++;
        return joined.apply(row, outputs);
    }

    private void fill() {
        emitted = 0;
        arena.clear();
        if (batch.groups() > 0) {
            batch.retainLastSupport();
        }
        while (pending != null || rows.hasNext()) {
            UnsafeRow row = pending == null ? (UnsafeRow) rows.next() : pending;
            pending = null;
            UTF8String rowKey = row.getUTF8String(setting.values().key());
            boolean isNew = !hasKey || !Objects.equals(key, rowKey);
            if (isFull() && (isNew || batch.lastQueries() % setting.predictor().chunk() == 0)) {
                pending = row;
                break;
            }
            if (isNew) {
                endGroup();
                beginGroup(rowKey);
            }
            arena.add(row, add(row));
        }
        if (pending == null) {
            endGroup();
            isAtEnd = true;
        }
        predict();
        if (isAtEnd) {
            atEnd.run();
        }
    }

    private boolean isFull() {
        return arena.rows() >= MOST_ROWS || arena.bytes() >= MOST_BYTES;
    }

    private void beginGroup(@Nullable UTF8String rowKey) {
        hasKey = true;
        key = rowKey == null ? null : rowKey.clone();
        supports = 0;
        isShortened = false;
        isPoisoned = false;
        isReported = false;
        batch.begin();
        if (rowKey == null) {
            isPoisoned = true;
            report(columns.group() + " is missing");
        }
    }

    private void endGroup() {
        if (hasKey) {
            counts.group(supports > 0, isShortened);
            hasKey = false;
        }
    }

    /** Reports the first fault of a group. */
    private void report(String reason) {
        if (!isReported) {
            isReported = true;
            counts.fault(String.valueOf(key), reason);
        }
    }

    /** Adds a row to the batch; returns the index of its prediction, negative if it gets none. */
    private int add(UnsafeRow row) {
        boolean isSupport = row.getBoolean(setting.values().support());
        if (isSupport) {
            if (!isPoisoned) {
                addSupport(row);
            }
            return FAULTY;
        }
        if (isPoisoned) {
            counts.failedRow();
            return FAULTY;
        }
        return addQuery(row);
    }

    private void addSupport(UnsafeRow row) {
        if (supports == setting.mostSupport()) {
            isShortened = true;
            return;
        }
        supportReader.read(row, this::addSupport).ifPresent(fault -> {
            isPoisoned = true;
            report(fault);
        });
    }

    private void addSupport(float[] x, float target, float weight) {
        if (supports == setting.mostSupport()) {
            isShortened = true;
            return;
        }
        batch.addSupport(x, target, weight);
        supports++;
        counts.supportRow();
    }

    private int addQuery(UnsafeRow row) {
        RawGroup raw = reader.query(row);
        String fault = raw.fault(columns);
        if (fault != null) {
            report(fault);
            counts.failedRow();
            return FAULTY;
        }
        int query = batch.addQuery(encoder.row(raw, 0, 0));
        if (query == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * query);
        }
        offsets[query] = reader.offset(row);
        counts.predictedRow();
        return query;
    }

    private void predict() {
        Prediction prediction = setting.predictor().predict(batch);
        predicted = prediction.outputs();
        variances = prediction.variances();
        if (columns.classes()) {
            probabilities = prediction.probabilities(classes.length);
            best = AdaptedTask.mostProbable(predicted, classes.length);
        }
    }

    /** Writes the output columns of a row. */
    private void write(int query) {
        if (query == FAULTY) {
            for (int i = 0; i < setting.added().size(); i++) {
                outputs.setNullAt(i);
            }
        } else if (columns.classes()) {
            outputs.update(0, classes[best[query]]);
            int at = 1;
            if (!setting.names().probability().isEmpty()) {
                at = write(probabilities, query, at);
            }
            if (!setting.names().logit().isEmpty()) {
                write(predicted, query, at);
            }
        } else {
            double std = setting.encoding().labelStd();
            outputs.setDouble(0, predicted[query] * std + setting.encoding().labelMean() + offsets[query]);
            if (!setting.names().stddev().isEmpty()) {
                variances.ifPresent(values -> outputs.setDouble(1, Math.sqrt(values[query]) * std));
            }
        }
    }

    /** Writes the numbers of a query, one for each class, from an output column on; returns the column after them. */
    private int write(double[] numbers, int query, int from) {
        for (int i = 0; i < classes.length; i++) {
            outputs.setDouble(from + i, numbers[query * classes.length + i]);
        }
        return from + classes.length;
    }
}
