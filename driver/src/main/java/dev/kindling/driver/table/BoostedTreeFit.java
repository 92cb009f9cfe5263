package dev.kindling.driver.table;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.table.BoostedTrees;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Fits boosted trees (Friedman, Annals of Statistics 29, 2001) with second-order leaf values and histograms, growing each tree
 * best leaf first (Ke and others, LightGBM, NeurIPS 2017): {@value #LEAVES} leaves of at least {@value #LEAST_ROWS} rows, step
 * size {@value #STEP}, each tree on a sample of nine tenths of the rows and features. Squared error, or log loss of labels 0
 * and 1, whose sum is a logit. A function of its arguments: one thread, sums in the order of the rows.
 */
final class BoostedTreeFit {
    /** The most trees. */
    static final int MOST_TREES = 400;

    /** Trees after which a fit ends if the loss of held-out rows has not fallen. */
    static final int PATIENCE = 30;

    /** The largest magnitude of a logit, that of the probabilities 0.02 and 0.98. */
    static final double LIMIT = StrictMath.log(0.98 / 0.02);

    private static final int LEAVES = 15;
    private static final int LEAST_ROWS = 20;
    private static final double STEP = 0.05;
    private static final double SAMPLE = 0.9;
    private static final double LEAST_HESSIAN = 1e-3;

    /** The least gain of a split, as a share of the parent's. */
    private static final double LEAST_GAIN = 1e-9;

    /** Sums of a bin: gradients, second derivatives, rows. */
    private static final int SUMS = 3;

    private final BoostingRows rows;
    private final FeatureBins bins;
    private final byte[] binned;
    private final int[] firstBins;
    private final boolean logistic;
    private final RandomStream random;
    private final double[] weights;
    private final double[] scores;
    private final double[] gradients;
    private final double[] hessians;
    private final int[] fitted;
    private final List<BoostedTrees.Tree> trees = new ArrayList<>();
    private final double base;

    /**
     * The trees of a fit, and what they are on held-out rows.
     *
     * @param best the number of trees with the least loss of held-out rows
     * @param sums sum of the predictions of held-out rows, for each number of trees from 0 on
     * @param squares the same of their squares
     */
    record Result(double base, List<BoostedTrees.Tree> trees, int best, double[] sums, double[] squares)
            implements Serializable {
        /** The sum of the first trees. */
        BoostedTrees first(int count) {
            return new BoostedTrees(base, trees.subList(0, Math.min(count, trees.size())));
        }
    }

    private BoostedTreeFit(BoostingRows rows, FeatureBins bins, boolean logistic, long seed) {
        this.rows = rows;
        this.bins = bins;
        this.binned = bins.bins();
        this.logistic = logistic;
        this.random = RandomStream.of(seed);
        this.firstBins = new int[rows.width() + 1];
        for (int feature = 0; feature < rows.width(); feature++) {
            firstBins[feature + 1] = firstBins[feature] + bins.count(feature);
        }
        int count = 0;
        double total = 0;
        int[] indices = new int[rows.rows()];
        for (int row = 0; row < rows.rows(); row++) {
            if (!rows.held()[row]) {
                indices[count++] = row;
                total += rows.weights()[row];
            }
        }
        this.fitted = Arrays.copyOf(indices, count);
        // Weights of mean 1, so that the least second derivative of a leaf does not depend on their unit.
        this.weights = new double[rows.rows()];
        double labels = 0;
        for (int row : fitted) {
            weights[row] = rows.weights()[row] * count / total;
            labels += weights[row] * rows.labels()[row];
        }
        double mean = labels / count;
        this.base = logistic ? limited(StrictMath.log(mean / (1 - mean))) : mean;
        this.scores = new double[rows.rows()];
        Arrays.fill(scores, base);
        this.gradients = new double[rows.rows()];
        this.hessians = new double[rows.rows()];
    }

    /**
     * Fits trees.
     *
     * @param logistic whether labels are 0 or 1
     * @param trees their number at most; fewer if the loss of held-out rows rises or no leaf can be split
     */
    static Result of(BoostingRows rows, FeatureBins bins, boolean logistic, int trees, long seed) {
        return new BoostedTreeFit(rows, bins, logistic, seed).run(trees);
    }

    private Result run(int most) {
        boolean anyHeld = fitted.length < rows.rows();
        double[] sums = new double[most + 1];
        double[] squares = new double[most + 1];
        int best = 0;
        double bestLoss = addHeld(sums, squares, 0);
        while (trees.size() < most && trees.size() - best < PATIENCE) {
            derivatives();
            BoostedTrees.Tree tree = new Growth().tree();
            if (tree.features().length == 0) {
                break;
            }
            trees.add(tree);
            addToScores(tree);
            double loss = addHeld(sums, squares, trees.size());
            if (!anyHeld || loss < bestLoss) {
                best = trees.size();
                bestLoss = loss;
            }
        }
        return new Result(
                base,
                List.copyOf(trees),
                best,
                Arrays.copyOf(sums, trees.size() + 1),
                Arrays.copyOf(squares, trees.size() + 1));
    }

    private void derivatives() {
        for (int row : fitted) {
            double label = rows.labels()[row];
            if (logistic) {
                double probability = 1 / (1 + StrictMath.exp(-scores[row]));
                gradients[row] = weights[row] * (probability - label);
                hessians[row] = weights[row] * probability * (1 - probability);
            } else {
                gradients[row] = weights[row] * (scores[row] - label);
                hessians[row] = weights[row];
            }
        }
    }

    private void addToScores(BoostedTrees.Tree tree) {
        float[] features = rows.features();
        for (int row = 0; row < scores.length; row++) {
            int node = 0;
            int at = row * rows.width();
            while (node >= 0) {
                node = features[at + tree.features()[node]] <= tree.thresholds()[node]
                        ? tree.left()[node]
                        : tree.right()[node];
            }
            scores[row] += tree.values()[~node];
        }
    }

    /** Adds the predictions of held-out rows to the sums for a number of trees; their loss. */
    private double addHeld(double[] sums, double[] squares, int count) {
        double loss = 0;
        for (int row = 0; row < scores.length; row++) {
            if (rows.held()[row]) {
                double score = scores[row];
                double prediction = logistic ? limited(score) : score;
                sums[count] += prediction;
                squares[count] += prediction * prediction;
                double error = score - rows.labels()[row];
                loss += rows.weights()[row] * (logistic ? logLoss(score, rows.labels()[row]) : error * error);
            }
        }
        return loss;
    }

    private static double limited(double logit) {
        return Math.max(-LIMIT, Math.min(LIMIT, logit));
    }

    private static double logLoss(double score, double label) {
        double signed = label > 0 ? score : -score;
        return StrictMath.log1p(StrictMath.exp(-Math.abs(signed))) + Math.max(0, -signed);
    }

    /** The growth of one tree. */
    private final class Growth {
        private final int[] sample = sampledRows();
        private final int[] columns =
                random.sampleWithoutReplacement((int) Math.ceil(SAMPLE * rows.width()), rows.width());
        private final List<Leaf> leaves = new ArrayList<>();
        private final int[] features = new int[LEAVES - 1];
        private final float[] thresholds = new float[LEAVES - 1];
        private final int[] left = new int[LEAVES - 1];
        private final int[] right = new int[LEAVES - 1];
        private final int[] other = new int[sample.length];
        private int splits;

        private int[] sampledRows() {
            int[] chosen = new int[fitted.length];
            int count = 0;
            for (int row : fitted) {
                if (random.nextDouble() < SAMPLE) {
                    chosen[count++] = row;
                }
            }
            return Arrays.copyOf(chosen, count);
        }

        BoostedTrees.Tree tree() {
            leaves.add(new Leaf(0, sample.length, -1));
            leaves.get(0).histogram = histogram(0, sample.length);
            leaves.get(0).findSplit();
            while (leaves.size() < LEAVES) {
                Leaf best = leaves.get(0);
                for (Leaf leaf : leaves) {
                    best = leaf.gain > best.gain ? leaf : best;
                }
                if (!(best.gain > 0)) {
                    break;
                }
                split(best);
            }
            float[] values = new float[leaves.size()];
            for (int i = 0; i < values.length; i++) {
                Leaf leaf = leaves.get(i);
                values[i] = leaf.hessian > 0 ? (float) (-STEP * leaf.gradient / leaf.hessian) : 0;
            }
            return new BoostedTrees.Tree(
                    Arrays.copyOf(features, splits),
                    Arrays.copyOf(thresholds, splits),
                    Arrays.copyOf(left, splits),
                    Arrays.copyOf(right, splits),
                    values);
        }

        /** Splits a leaf, which becomes its left part. */
        private void split(Leaf leaf) {
            int middle = partition(leaf);
            int node = splits++;
            features[node] = leaf.feature;
            thresholds[node] = bins.border(leaf.feature, leaf.bin);
            if (leaf.parent >= 0) {
                int[] side = leaf.isRight ? right : left;
                side[leaf.parent] = node;
            }
            Leaf added = new Leaf(middle, leaf.end, node);
            added.isRight = true;
            leaf.parent = node;
            leaf.isRight = false;
            left[node] = ~leaves.indexOf(leaf);
            right[node] = ~leaves.size();
            boolean leftIsSmaller = middle - leaf.begin < leaf.end - middle;
            double[] parent = leaf.histogram;
            double[] smaller = leftIsSmaller ? histogram(leaf.begin, middle) : histogram(middle, leaf.end);
            for (int i = 0; i < parent.length; i++) {
                parent[i] -= smaller[i];
            }
            leaf.histogram = leftIsSmaller ? smaller : parent;
            added.histogram = leftIsSmaller ? parent : smaller;
            leaf.end = middle;
            leaves.add(added);
            leaf.findSplit();
            added.findSplit();
        }

        /** Moves the rows of the left part to the front, each part in the order of the rows. */
        private int partition(Leaf leaf) {
            int to = leaf.begin;
            int rest = 0;
            for (int i = leaf.begin; i < leaf.end; i++) {
                int row = sample[i];
                if (binned[row * rows.width() + leaf.feature] <= leaf.bin) {
                    sample[to++] = row;
                } else {
                    other[rest++] = row;
                }
            }
            System.arraycopy(other, 0, sample, to, rest);
            return to;
        }

        private double[] histogram(int begin, int end) {
            double[] histogram = new double[firstBins[rows.width()] * SUMS];
            for (int i = begin; i < end; i++) {
                int row = sample[i];
                double gradient = gradients[row];
                double hessian = hessians[row];
                int at = row * rows.width();
                for (int column : columns) {
                    int to = (firstBins[column] + binned[at + column]) * SUMS;
                    histogram[to] += gradient;
                    histogram[to + 1] += hessian;
                    histogram[to + 2]++;
                }
            }
            return histogram;
        }

        /** A leaf, with the best of its splits. */
        private final class Leaf {
            private final int begin;
            private int end;
            private int parent;
            private boolean isRight;
            private double[] histogram = new double[0];
            private double gradient;
            private double hessian;
            private double gain;
            private int feature;
            private int bin;

            Leaf(int begin, int end, int parent) {
                this.begin = begin;
                this.end = end;
                this.parent = parent;
            }

            void findSplit() {
                gradient = 0;
                hessian = 0;
                for (int i = begin; i < end; i++) {
                    gradient += gradients[sample[i]];
                    hessian += hessians[sample[i]];
                }
                double parentScore = hessian > 0 ? gradient * gradient / hessian : 0;
                gain = 0;
                for (int column : columns) {
                    scan(column, parentScore);
                }
            }

            private void scan(int column, double parentScore) {
                double leftGradient = 0;
                double leftHessian = 0;
                double leftRows = 0;
                for (int i = 0; i < bins.count(column) - 1; i++) {
                    int at = (firstBins[column] + i) * SUMS;
                    leftGradient += histogram[at];
                    leftHessian += histogram[at + 1];
                    leftRows += histogram[at + 2];
                    double rightHessian = hessian - leftHessian;
                    if (leftRows < LEAST_ROWS
                            || end - begin - leftRows < LEAST_ROWS
                            || leftHessian < LEAST_HESSIAN
                            || rightHessian < LEAST_HESSIAN) {
                        continue;
                    }
                    double rightGradient = gradient - leftGradient;
                    double score =
                            leftGradient * leftGradient / leftHessian + rightGradient * rightGradient / rightHessian;
                    double improvement = score - parentScore;
                    if (improvement > gain && improvement > LEAST_GAIN * score) {
                        gain = improvement;
                        feature = column;
                        bin = i;
                    }
                }
            }
        }
    }
}
