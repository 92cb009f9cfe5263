package dev.kindling.driver.table;

import dev.kindling.job.task.Split;
import dev.kindling.job.task.table.ColumnEncoding;
import dev.kindling.job.task.table.ColumnEncoding.Effects;
import dev.kindling.job.task.table.GroupKeys;
import dev.kindling.job.task.table.RawGroup;
import dev.kindling.job.task.table.TableColumns;
import dev.kindling.job.task.table.TableSettings;
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
 * on all training groups, and one without each fold, from which the groups of that fold are encoded. For predictors that are
 * fitted without a fold on the effects of the other groups there is one without each two folds as well. All fits advance
 * together, one pass over the rows for each round.
 */
final class CrossedEffects {
    /** Merges of partial sums on executors before the driver's. */
    private static final int DEPTH = 2;

    /** Fits without one fold, and that of all training groups. */
    private static final int FITS = GroupKeys.FOLDS + 1;

    private static final int PAIRS = GroupKeys.FOLDS * (GroupKeys.FOLDS - 1) / 2;

    private final GroupedRows table;
    private final JavaSparkContext spark;
    private final Labels labels;
    private final long seed;
    private final int fits;
    private final int mostOneHot;
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

    /**
     * The fits of some columns.
     *
     * @param inputs the columns
     * @param pairs whether there are fits without each two folds
     */
    CrossedEffects(
            GroupedRows table,
            JavaSparkContext spark,
            TrainingStatistics statistics,
            Labels labels,
            List<Integer> inputs,
            TableSettings settings,
            boolean pairs) {
        this.table = table;
        this.mostOneHot = settings.maxOneHot();
        this.fits = pairs ? FITS + PAIRS : FITS;
        this.spark = spark;
        this.labels = labels;
        this.seed = settings.seed();
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

    /** The fit without two folds, which may be the same. */
    private static int fitWithout(int fold, int other) {
        int low = Math.min(fold, other);
        int high = Math.max(fold, other);
        return low == high ? low + 1 : FITS + high * (high - 1) / 2 + low;
    }

    /** Whether a fit leaves out the groups of a fold. */
    private static boolean leavesOut(int fit, int fold) {
        if (fit < FITS) {
            return fit == fold + 1;
        }
        for (int other = 0; other < GroupKeys.FOLDS; other++) {
            if (other != fold && fitWithout(fold, other) == fit) {
                return true;
            }
        }
        return false;
    }

    /** All fits: by column, then output, then folds. */
    private static final class Fits implements Serializable {
        private static final long serialVersionUID = 1L;

        private final List<Column> columns;
        private final Labels labels;
        private final int count;
        private final List<CrossedFit> all = new ArrayList<>();

        Fits(List<Column> columns, Labels labels, int count) {
            this.columns = columns;
            this.labels = labels;
            this.count = count;
            for (Column column : columns) {
                for (int i = 0; i < labels.outputs().size() * count; i++) {
                    all.add(new CrossedFit(column.values().size()));
                }
            }
        }

        int index(int column, int output, int fit) {
            return (column * labels.outputs().size() + output) * count + fit;
        }
    }

    /**
     * The encodings of the columns, in the order of the inputs; with fits without pairs of folds, the same without each fold
     * after them.
     */
    List<List<ColumnEncoding>> fit(TrainingStatistics statistics) {
        Fits all = new Fits(columns, labels, fits);
        List<CrossedSums> sums = List.of();
        for (int round = 0; round < CrossedFit.ROUNDS; round++) {
            sums = pass(all);
            for (int i = 0; i < sums.size(); i++) {
                all.all.get(i).update(sums.get(i));
            }
        }
        List<List<ColumnEncoding>> encodings = new ArrayList<>();
        encodings.add(new ArrayList<>());
        for (int i = 0; i < columns.size(); i++) {
            encodings.get(0).add(encoding(i, all, sums, statistics));
        }
        for (int fold = 0; fits > FITS && fold < GroupKeys.FOLDS; fold++) {
            List<ColumnEncoding> without = new ArrayList<>();
            for (int i = 0; i < columns.size(); i++) {
                without.add(without(fold, (Effects) encodings.get(0).get(i), i, all, sums));
            }
            encodings.add(without);
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
                for (int i = 0; i < fits.labels.outputs().size() * fits.count; i++) {
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
                    for (int fit = 0; count > 0 && fit < fits.count; fit++) {
                        if (!leavesOut(fit, fold)) {
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

    private Effects encoding(int number, Fits all, List<CrossedSums> sums, TrainingStatistics statistics) {
        Column column = columns.get(number);
        List<String> outputs = labels.outputs();
        List<Effects.Fit> ofFolds = IntStream.range(0, FITS)
                .mapToObj(fit -> effects(number, fit, all, sums))
                .toList();
        List<Effects.Scale> scales = new ArrayList<>();
        for (int output = 0; output < outputs.size(); output++) {
            int at = output;
            scales.add(scale(ofFolds, statistics.rows(), (fit, item) -> fit.effects()[at][item]));
        }
        boolean alone = column.values().size() > mostOneHot;
        if (alone) {
            scales.add(scale(ofFolds, statistics.rows(), (fit, item) -> Effects.logarithm(fit.counts()[item])));
        }
        return new Effects(
                column.input(),
                table.columns().inputs().get(column.input()).name(),
                outputs,
                column.values(),
                ofFolds,
                scales,
                alone && statistics.hasMissing(column.input()));
    }

    private Effects.Fit effects(int number, int fit, Fits all, List<CrossedSums> sums) {
        double[][] effects = new double[labels.outputs().size()][];
        for (int output = 0; output < effects.length; output++) {
            effects[output] = all.all.get(all.index(number, output, fit)).effects();
        }
        return new Effects.Fit(sums.get(all.index(number, 0, fit)).counts.clone(), effects);
    }

    /** The encoding of a column as if there were no groups in a fold. */
    private Effects without(int fold, Effects encoding, int number, Fits all, List<CrossedSums> sums) {
        List<Effects.Fit> ofFolds = new ArrayList<>();
        ofFolds.add(effects(number, fold + 1, all, sums));
        for (int other = 0; other < GroupKeys.FOLDS; other++) {
            ofFolds.add(effects(number, fitWithout(fold, other), all, sums));
        }
        return encoding.with(ofFolds);
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
