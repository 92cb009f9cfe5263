package dev.kindling.driver.table;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.table.BoostedTrees;
import dev.kindling.job.task.table.ColumnEncoding.Effects.Scale;
import dev.kindling.job.task.table.GroupKeys;
import dev.kindling.job.task.table.RawGroup;
import dev.kindling.job.task.table.StackedPrediction;
import dev.kindling.job.task.table.TableEncoding;
import dev.kindling.job.task.table.TableEncodingJson;
import dev.kindling.job.task.table.TableSettings;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/**
 * Fits a {@link StackedPrediction}: boosted trees without each fold of the training groups, whose number is chosen on the
 * groups of the fold, and then as many on all training groups. Each fit is a Spark task that reads its rows in the order of the
 * groups' keys. Trees of the fit without a fold see features that were fitted without it.
 */
final class StackFit {
    /** The most outputs that are predicted, each by trees of its own. */
    static final int MOST_OUTPUTS = 10;

    /** About the most rows that trees are fitted on: of larger tables a sample of the training groups. */
    private static final int MOST_ROWS = 200_000;

    /** About the most features of all those rows. */
    private static final long MOST_NUMBERS = 1L << 24;

    private static final int LEAST_TREES = 20;
    private static final long LEAST_GROUPS = 40;
    private static final long LEAST_TRAINING_ROWS = 400;
    private static final long SEED = 0x67_62_74;

    private final GroupedRows table;
    private final List<String> encodings;
    private final CrossedEffects.Labels labels;
    private final double share;
    private final JavaSparkContext spark;

    private StackFit(
            GroupedRows table,
            List<TableEncoding> encodings,
            CrossedEffects.Labels labels,
            double share,
            JavaSparkContext spark) {
        this.table = table;
        this.encodings = encodings.stream().map(TableEncodingJson::write).toList();
        this.labels = labels;
        this.share = share;
        this.spark = spark;
    }

    /**
     * Whether a table's label is to be stacked.
     *
     * @throws IllegalArgumentException if the settings request what the table's label does not allow
     */
    static boolean applies(TableSettings settings, TrainingStatistics statistics, CrossedEffects.Labels labels) {
        boolean few = labels.outputs().size() <= MOST_OUTPUTS;
        return switch (settings.stack()) {
            case NONE -> false;
            case AUTO -> few && statistics.groups() >= LEAST_GROUPS && statistics.rows() >= LEAST_TRAINING_ROWS;
            case GBT -> {
                if (!few) {
                    throw new IllegalArgumentException("table.stack is gbt and the label has "
                            + labels.classes().size() + " classes; it must be none or auto if there are more than "
                            + (MOST_OUTPUTS + 1));
                }
                yield true;
            }
        };
    }

    /**
     * Fits the predictions.
     *
     * @param encodings of the columns: fitted on all training groups, then without each fold
     * @return empty if there are too few groups or rows for a tree
     */
    static Optional<StackedPrediction> of(
            GroupedRows table,
            List<TableEncoding> encodings,
            CrossedEffects.Labels labels,
            TrainingStatistics statistics,
            JavaSparkContext spark) {
        double rows = statistics.rows();
        double numbers = rows * encodings.get(0).width();
        return new StackFit(table, encodings, labels, Math.min(MOST_ROWS / rows, MOST_NUMBERS / numbers), spark).fit();
    }

    private Optional<StackedPrediction> fit() {
        int outputs = labels.outputs().size();
        int[] most = new int[outputs];
        Arrays.fill(most, BoostedTreeFit.MOST_TREES);
        List<FoldFit> folds =
                run(IntStream.rangeClosed(1, GroupKeys.FOLDS).boxed().toList(), most);
        if (folds.size() < GroupKeys.FOLDS || folds.stream().anyMatch(fold -> fold.heldRows == 0)) {
            return Optional.empty();
        }
        int[] trees = new int[outputs];
        Arrays.setAll(trees, output -> count(folds, output));
        List<FoldFit> all = new ArrayList<>(run(List.of(0), trees));
        all.addAll(folds);
        List<List<BoostedTrees>> fits = new ArrayList<>();
        for (FoldFit each : all) {
            fits.add(IntStream.range(0, outputs)
                    .mapToObj(output -> each.results.get(output).first(trees[output]))
                    .toList());
        }
        List<Scale> scales = new ArrayList<>();
        for (int output = 0; output < outputs; output++) {
            Scale scale = scale(folds, output, trees[output]);
            if (!(scale.std() > 0) || all.get(0).results.get(output).trees().isEmpty()) {
                return Optional.empty();
            }
            scales.add(scale);
        }
        return Optional.of(new StackedPrediction(
                labels.outputs().stream()
                        .map(output -> StackedPrediction.NAME + output)
                        .toList(),
                labels.classes().isEmpty() ? Double.POSITIVE_INFINITY : BoostedTreeFit.LIMIT,
                fits,
                scales));
    }

    /** The mean of the numbers of trees that are best for the groups of each fold. */
    private static int count(List<FoldFit> folds, int output) {
        double mean = folds.stream()
                .mapToInt(fold -> fold.results.get(output).best())
                .average()
                .orElseThrow();
        return Math.max(LEAST_TREES, (int) Math.round(mean));
    }

    /** Mean and standard deviation of the predictions of each fold's rows by the trees without it. */
    private static Scale scale(List<FoldFit> folds, int output, int trees) {
        double sum = 0;
        double squares = 0;
        double rows = 0;
        for (FoldFit fold : folds) {
            BoostedTreeFit.Result result = fold.results.get(output);
            int at = Math.min(trees, result.trees().size());
            sum += result.sums()[at];
            squares += result.squares()[at];
            rows += fold.heldRows;
        }
        double mean = sum / rows;
        return new Scale(mean, StrictMath.sqrt(Math.max(0, squares / rows - mean * mean)));
    }

    /** Fits in one Spark job, a task for each of the given fits; those without any row are missing in the result. */
    private List<FoldFit> run(List<Integer> fits, int[] trees) {
        Broadcast<List<String>> shared = spark.broadcast(encodings);
        GroupedRows rows = table;
        CrossedEffects.Labels of = labels;
        double groupShare = share;
        List<FoldFit> results = table.rows()
                .mapPartitionsToPair(
                        partition -> new Sampling(rows, shared.value(), of, groupShare, fits).run(partition))
                .partitionBy(new HashPartitioner(fits.size()))
                .mapPartitions(groups -> FoldFit.of(groups, trees, !of.classes().isEmpty()))
                .collect();
        shared.unpersist();
        List<FoldFit> sorted = new ArrayList<>(results);
        sorted.sort(Comparator.comparingInt(fit -> fit.number));
        return sorted;
    }

    /** The encoded rows of a training group. */
    private record Group(String key, int fold, float[] features, double[][] labels, double[] weights)
            implements Serializable {}

    /** Encodes the rows of sampled training groups for each fit. */
    private static final class Sampling {
        private final GroupedRows table;
        private final CrossedEffects.Labels labels;
        private final double share;
        private final List<Integer> fits;
        private final Map<String, TableEncoding> parsed = new HashMap<>();
        private final List<TableEncoding> encodings = new ArrayList<>();
        private final List<Tuple2<Integer, Group>> groups = new ArrayList<>();

        Sampling(
                GroupedRows table, List<String> texts, CrossedEffects.Labels labels, double share, List<Integer> fits) {
            this.table = table;
            this.labels = labels;
            this.share = share;
            this.fits = fits;
            for (int fit : fits) {
                String text = texts.get(fit % texts.size());
                encodings.add(
                        parsed.computeIfAbsent(text, each -> TableEncodingJson.read(each, "the broadcast encoding")));
            }
        }

        Iterator<Tuple2<Integer, Group>> run(Iterator<InternalRow> partition) throws Exception {
            table.visit(partition, this::add);
            return groups.iterator();
        }

        private void add(GroupedRows.Visited group) {
            RawGroup rows = group.rows();
            if (group.split().filter(Split.TRAIN::equals).isEmpty()
                    || rows.rows() == 0
                    || rows.fault(table.columns()) != null
                    || !GroupKeys.isSampled(encodings.get(0).seed(), group.key(), share)) {
                return;
            }
            double[] weights = new double[rows.rows()];
            Arrays.setAll(weights, rows::weight);
            double[][] targets = new double[labels.outputs().size()][rows.rows()];
            for (int output = 0; output < targets.length; output++) {
                for (int row = 0; row < rows.rows(); row++) {
                    // In the label's units, so that trees do not depend on labels of the fold that they leave out.
                    targets[output][row] = labels.classes().isEmpty() ? rows.label(row) : labels.of(rows, row, output);
                }
            }
            int fold = GroupKeys.fold(encodings.get(0).seed(), group.key());
            for (int i = 0; i < encodings.size(); i++) {
                groups.add(new Tuple2<>(
                        fits.get(i),
                        new Group(group.key(), fold, features(encodings.get(i), group), targets, weights)));
            }
        }

        private static float[] features(TableEncoding encoding, GroupedRows.Visited group) {
            TableEncoding.Encoder encoder = encoding.encoder();
            int width = encoding.width();
            int fit = encoder.fit(Split.TRAIN, group.key());
            float[] features = new float[group.rows().rows() * width];
            for (int row = 0; row < group.rows().rows(); row++) {
                System.arraycopy(encoder.row(group.rows(), row, fit), 0, features, row * width, width);
            }
            return features;
        }
    }

    /** The trees of one fit, for each output. */
    private static final class FoldFit implements Serializable {
        private static final long serialVersionUID = 1L;

        private final int number;
        private final List<BoostedTreeFit.Result> results = new ArrayList<>();
        private int heldRows;

        private FoldFit(int number) {
            this.number = number;
        }

        static Iterator<FoldFit> of(Iterator<Tuple2<Integer, Group>> partition, int[] trees, boolean classes) {
            List<Group> groups = new ArrayList<>();
            int number = 0;
            while (partition.hasNext()) {
                Tuple2<Integer, Group> next = partition.next();
                number = next._1();
                groups.add(next._2());
            }
            if (groups.isEmpty()) {
                return List.<FoldFit>of().iterator();
            }
            groups.sort(Comparator.comparing(Group::key));
            FoldFit fit = new FoldFit(number);
            fit.run(groups, trees, classes);
            return List.of(fit).iterator();
        }

        private void run(List<Group> groups, int[] trees, boolean classes) {
            int rows = groups.stream().mapToInt(group -> group.weights().length).sum();
            int width = groups.get(0).features().length / groups.get(0).weights().length;
            float[] features = new float[rows * width];
            double[][] labels = new double[trees.length][rows];
            double[] weights = new double[rows];
            boolean[] held = new boolean[rows];
            int at = 0;
            for (Group group : groups) {
                int count = group.weights().length;
                System.arraycopy(group.features(), 0, features, at * width, count * width);
                System.arraycopy(group.weights(), 0, weights, at, count);
                for (int output = 0; output < trees.length; output++) {
                    System.arraycopy(group.labels()[output], 0, labels[output], at, count);
                }
                if (group.fold() == number - 1) {
                    Arrays.fill(held, at, at + count, true);
                    heldRows += count;
                }
                at += count;
            }
            if (heldRows == rows) {
                heldRows = 0;
                return;
            }
            FeatureBins bins = new FeatureBins(features, width);
            for (int output = 0; output < trees.length; output++) {
                results.add(BoostedTreeFit.of(
                        new BoostingRows(width, features, labels[output], weights, held),
                        bins,
                        classes,
                        trees[output],
                        RandomStream.seed(SEED, number, output)));
            }
        }
    }
}
