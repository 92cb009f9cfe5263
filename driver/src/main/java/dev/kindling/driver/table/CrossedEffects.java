package dev.kindling.driver.table;

import dev.kindling.job.task.Split;
import dev.kindling.job.task.table.ColumnEncoding;
import dev.kindling.job.task.table.ColumnEncoding.Effects;
import dev.kindling.job.task.table.GroupKeys;
import dev.kindling.job.task.table.RawGroup;
import dev.kindling.job.task.table.TableColumns;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Fits the encoding of categorical columns of many values, {@link Effects}: for each column and output one {@link CrossedFit}
 * on all training groups, and one without each fold, from which the groups of that fold are encoded. All fits advance together,
 * one pass over the rows for each round.
 */
final class CrossedEffects {
    /** Merges of partial sums on executors before the driver's. */
    private static final int DEPTH = 2;

    private final GroupedRows table;
    private final JavaSparkContext spark;
    private final Labels labels;
    private final long seed;
    private final List<Column> columns;

    /** A column and its sorted values. */
    private record Column(int input, List<String> values, Map<String, Integer> positions) implements Serializable {}

    /**
     * The label as numbers.
     *
     * @param classes names of the classes; for regression none
     * @param mean subtracted from the label of a regression
     * @param std the divisor of the same
     */
    record Labels(List<String> classes, double mean, double std) implements Serializable {
        /** Suffixes of the outputs' names. */
        List<String> outputs() {
            return classes.size() <= 2
                    ? List.of("")
                    : classes.subList(1, classes.size()).stream()
                            .map(name -> " on " + name)
                            .toList();
        }

        /** The label of a row for an output: standardised, or 1 for the output's class and 0 for the others. */
        double of(RawGroup group, int row, int output) {
            if (classes.isEmpty()) {
                return (group.label(row) - mean) / std;
            }
            return classes.get(output + 1).equals(group.className(row)) ? 1 : 0;
        }
    }

    CrossedEffects(
            GroupedRows table,
            JavaSparkContext spark,
            TrainingStatistics statistics,
            Labels labels,
            List<Integer> inputs,
            long seed) {
        this.table = table;
        this.spark = spark;
        this.labels = labels;
        this.seed = seed;
        this.columns = inputs.stream()
                .map(input -> column(
                        input,
                        statistics.values(input).keySet().stream().sorted().toList()))
                .toList();
    }

    private static Column column(int input, List<String> values) {
        Map<String, Integer> positions = new HashMap<>();
        IntStream.range(0, values.size()).forEach(i -> positions.put(values.get(i), i));
        return new Column(input, values, positions);
    }

    /** All fits: by column, then output, then folds + 1. */
    private static final class Fits implements Serializable {
        private static final long serialVersionUID = 1L;

        private final List<Column> columns;
        private final Labels labels;
        private final List<CrossedFit> all = new ArrayList<>();

        Fits(List<Column> columns, Labels labels) {
            this.columns = columns;
            this.labels = labels;
            for (Column column : columns) {
                for (int i = 0; i < labels.outputs().size() * (GroupKeys.FOLDS + 1); i++) {
                    all.add(new CrossedFit(column.values().size()));
                }
            }
        }

        int index(int column, int output, int fit) {
            return (column * labels.outputs().size() + output) * (GroupKeys.FOLDS + 1) + fit;
        }
    }

    /** The encodings of the columns, in the order of the inputs. */
    List<ColumnEncoding> fit(TrainingStatistics statistics) {
        Fits fits = new Fits(columns, labels);
        List<CrossedSums> sums = List.of();
        for (int round = 0; round < CrossedFit.ROUNDS; round++) {
            sums = pass(fits);
            for (int i = 0; i < sums.size(); i++) {
                fits.all.get(i).update(sums.get(i));
            }
        }
        List<ColumnEncoding> encodings = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            encodings.add(encoding(i, fits, sums, statistics));
        }
        return encodings;
    }

    private List<CrossedSums> pass(Fits fits) {
        Broadcast<Fits> shared = spark.broadcast(fits);
        GroupedRows rows = table;
        long foldSeed = seed;
        JavaRDD<Pass> passes = table.rows()
                .mapPartitions(partition -> List.of(new Pass(rows, shared.value(), foldSeed).run(partition))
                        .iterator());
        List<CrossedSums> sums = passes.treeReduce(Pass::merge, DEPTH).sums;
        shared.unpersist();
        return sums;
    }

    /** One round over one partition. */
    private static final class Pass implements Serializable {
        private static final long serialVersionUID = 1L;

        private final transient GroupedRows table;
        private final transient Fits fits;
        private final long seed;
        private final List<CrossedSums> sums = new ArrayList<>();

        Pass(GroupedRows table, Fits fits, long seed) {
            this.table = table;
            this.fits = fits;
            this.seed = seed;
            for (Column column : fits.columns) {
                for (int i = 0; i < fits.labels.outputs().size() * (GroupKeys.FOLDS + 1); i++) {
                    sums.add(new CrossedSums(column.values().size()));
                }
            }
        }

        Pass run(Iterator<InternalRow> partition) throws Exception {
            table.visit(partition, this::add);
            return this;
        }

        private void add(GroupedRows.Visited group) {
            RawGroup rows = group.rows();
            TableColumns columns = table.columns();
            if (group.split().filter(Split.TRAIN::equals).isEmpty()
                    || rows.rows() == 0
                    || rows.fault(columns) != null) {
                return;
            }
            int fold = GroupKeys.fold(seed, group.key());
            int[] items = new int[rows.rows()];
            double[] values = new double[rows.rows()];
            for (int column = 0; column < fits.columns.size(); column++) {
                for (int output = 0; output < fits.labels.outputs().size(); output++) {
                    int count = 0;
                    for (int row = 0; row < rows.rows(); row++) {
                        Column from = fits.columns.get(column);
                        String value = rows.text(from.input(), row);
                        Integer position =
                                value == null ? null : from.positions().get(value);
                        if (position != null) {
                            items[count] = position;
                            values[count] = fits.labels.of(rows, row, output);
                            count++;
                        }
                    }
                    for (int fit = 0; count > 0 && fit <= GroupKeys.FOLDS; fit++) {
                        if (fit != fold + 1) {
                            int index = fits.index(column, output, fit);
                            fits.all.get(index).add(sums.get(index), values, items, count);
                        }
                    }
                }
            }
        }

        Pass merge(Pass other) {
            for (int i = 0; i < sums.size(); i++) {
                sums.get(i).merge(other.sums.get(i));
            }
            return this;
        }
    }

    private ColumnEncoding encoding(int number, Fits fits, List<CrossedSums> sums, TrainingStatistics statistics) {
        Column column = columns.get(number);
        List<String> outputs = labels.outputs();
        List<Effects.Fit> all = new ArrayList<>();
        for (int fit = 0; fit <= GroupKeys.FOLDS; fit++) {
            double[][] effects = new double[outputs.size()][];
            for (int output = 0; output < effects.length; output++) {
                effects[output] = fits.all.get(fits.index(number, output, fit)).effects();
            }
            all.add(new Effects.Fit(sums.get(fits.index(number, 0, fit)).counts.clone(), effects));
        }
        List<Effects.Scale> scales = new ArrayList<>();
        for (int output = 0; output < outputs.size(); output++) {
            int at = output;
            scales.add(scale(all, statistics.rows(), (fit, item) -> fit.effects()[at][item]));
        }
        scales.add(scale(all, statistics.rows(), (fit, item) -> Effects.logarithm(fit.counts()[item])));
        return new Effects(
                column.input(),
                table.columns().inputs().get(column.input()).name(),
                outputs,
                column.values(),
                all,
                scales,
                statistics.hasMissing(column.input()));
    }

    /** The value of a feature for an item. */
    @FunctionalInterface
    private interface Feature {
        double of(Effects.Fit fit, int item);
    }

    /**
     * Mean and standard deviation of a feature over the rows of training groups, each encoded without its own fold. A fold's
     * rows of an item are those of all groups less those without the fold; rows without a value have the feature 0.
     */
    private static Effects.Scale scale(List<Effects.Fit> fits, long rows, Feature feature) {
        double sum = 0;
        double squares = 0;
        long[] counts = fits.get(0).counts();
        for (int fold = 1; fold < fits.size(); fold++) {
            for (int item = 0; item < counts.length; item++) {
                long inFold = counts[item] - fits.get(fold).counts()[item];
                double value = feature.of(fits.get(fold), item);
                sum += inFold * value;
                squares += inFold * value * value;
            }
        }
        double mean = sum / rows;
        double variance = squares / rows - mean * mean;
        return new Effects.Scale(mean, variance > 0 ? StrictMath.sqrt(variance) : 1);
    }
}
