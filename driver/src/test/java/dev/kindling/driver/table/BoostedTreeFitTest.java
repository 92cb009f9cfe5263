package dev.kindling.driver.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.task.table.BoostedTrees;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class BoostedTreeFitTest {
    private static final Path RESOURCES = Path.of("src/test/resources/dev/kindling/driver/table");
    private static final int FITTED = 1000;
    private static final int WIDTH = 4;
    private static final int TREES = 80;
    private static final int SEEDS = 5;

    /** The rows of boosted.csv whose numbers are written by boosted.py. */
    private record Example(float[] features, double[] numbers, double[] classes) {
        static Example read() throws IOException {
            List<String> lines = Files.readAllLines(RESOURCES.resolve("boosted.csv"));
            Example example =
                    new Example(new float[lines.size() * WIDTH], new double[lines.size()], new double[lines.size()]);
            for (int row = 0; row < lines.size(); row++) {
                String[] cells = lines.get(row).split(",", -1);
                for (int i = 0; i < WIDTH; i++) {
                    example.features[row * WIDTH + i] = Float.parseFloat(cells[i]);
                }
                example.numbers[row] = Double.parseDouble(cells[WIDTH]);
                example.classes[row] = Double.parseDouble(cells[WIDTH + 1]);
            }
            return example;
        }

        BoostedTreeFit.Result fit(double[] labels, boolean logistic, int heldFrom, int trees) {
            return fit(labels, logistic, heldFrom, trees, 1);
        }

        BoostedTreeFit.Result fit(double[] labels, boolean logistic, int heldFrom, int trees, long seed) {
            boolean[] held = new boolean[labels.length];
            Arrays.fill(held, heldFrom, held.length, true);
            double[] weights = new double[labels.length];
            Arrays.fill(weights, 2);
            BoostingRows rows = new BoostingRows(WIDTH, features, labels, weights, held);
            return BoostedTreeFit.of(rows, new FeatureBins(features, WIDTH), logistic, trees, seed);
        }

        Example first(int rows) {
            return new Example(
                    Arrays.copyOf(features, rows * WIDTH), Arrays.copyOf(numbers, rows), Arrays.copyOf(classes, rows));
        }

        double predicted(BoostedTrees trees, int row) {
            return trees.predict(Arrays.copyOfRange(features, row * WIDTH, (row + 1) * WIDTH));
        }
    }

    private static double[] lightGbm() throws IOException {
        return Arrays.stream(Files.readString(RESOURCES.resolve("boosted-losses.csv"))
                        .strip()
                        .split(","))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    /** The loss of rows that are not fitted, the mean of five seeds as in boosted.py. */
    private static double loss(boolean logistic) throws IOException {
        Example all = Example.read();
        Example fitted = all.first(FITTED);
        double sum = 0;
        for (int seed = 0; seed < SEEDS; seed++) {
            BoostedTrees trees = fitted.fit(
                            logistic ? fitted.classes() : fitted.numbers(), logistic, FITTED, TREES, seed)
                    .first(TREES);
            for (int row = FITTED; row < all.numbers().length; row++) {
                double predicted = all.predicted(trees, row);
                double error = predicted - all.numbers()[row];
                sum += logistic
                        ? StrictMath.log1p(StrictMath.exp(all.classes()[row] > 0 ? -predicted : predicted))
                        : error * error;
            }
        }
        return sum / SEEDS / (all.numbers().length - FITTED);
    }

    @Test
    void squaredErrorOnOtherRowsIsThatOfLightGbm() throws IOException {
        assertThat(loss(false) / lightGbm()[0]).isCloseTo(1, within(0.02));
    }

    @Test
    void logLossOnOtherRowsIsThatOfLightGbm() throws IOException {
        assertThat(loss(true) / lightGbm()[1]).isCloseTo(1, within(0.02));
    }

    @Test
    void aStepIsApproachedByOneTwentiethOfWhatIsLeft() {
        float[] features = new float[100];
        double[] labels = new double[100];
        double[] weights = new double[100];
        for (int row = 0; row < 100; row++) {
            features[row] = row < 40 ? 2 : 3;
            labels[row] = row < 40 ? 1 : 6;
            weights[row] = 1;
        }
        BoostedTreeFit.Result fit = BoostedTreeFit.of(
                new BoostingRows(1, features, labels, weights, new boolean[100]),
                new FeatureBins(features, 1),
                false,
                60,
                1);
        assertThat(fit.trees()).hasSize(60);
        double left = StrictMath.pow(0.95, 60);
        // The mean is 4.
        assertThat(fit.first(60).predict(new float[] {2.5f})).isCloseTo(1 + 3 * left, within(1e-5));
        assertThat(fit.first(60).predict(new float[] {2.6f})).isCloseTo(6 - 2 * left, within(1e-5));
        assertThat(fit.first(1).predict(new float[] {0})).isCloseTo(4 - 0.05 * 3, within(1e-6));
    }

    @Test
    void heldOutRowsChooseTheNumberOfTreesAndChangeNoTree() throws IOException {
        Example all = Example.read();
        BoostedTreeFit.Result chosen = all.fit(all.numbers(), false, FITTED, 400);
        assertThat(chosen.best()).isBetween(20, 398);
        assertThat(chosen.trees()).hasSize(chosen.best() + BoostedTreeFit.PATIENCE);
        double[] others = all.numbers().clone();
        for (int row = FITTED; row < others.length; row++) {
            others[row] += 100 * (row % 7);
        }
        BoostedTreeFit.Result other = all.fit(others, false, FITTED, 400);
        int both = Math.min(chosen.trees().size(), other.trees().size());
        for (int row = FITTED; row < others.length; row++) {
            assertThat(all.predicted(other.first(both), row)).isEqualTo(all.predicted(chosen.first(both), row));
        }
        assertThat(chosen.sums()[both]).isEqualTo(other.sums()[both]);
        double sum = 0;
        for (int row = FITTED; row < others.length; row++) {
            sum += all.predicted(chosen.first(10), row);
        }
        assertThat(chosen.sums()[10])
                .as("the evaluator's and the fit's predictions")
                .isEqualTo(sum);
    }

    @Test
    void labelsOfOneClassAndFeaturesOfOneValueGiveNoTree() throws IOException {
        Example all = Example.read();
        double[] ones = new double[all.numbers().length];
        Arrays.fill(ones, 1);
        BoostedTreeFit.Result one = all.fit(ones, true, ones.length, 50);
        assertThat(one.trees()).isEmpty();
        assertThat(one.base()).isEqualTo(BoostedTreeFit.LIMIT);
        Example constant = new Example(new float[all.features().length], all.numbers(), all.classes());
        assertThat(constant.fit(all.numbers(), false, ones.length, 50).trees()).isEmpty();
    }

    @Test
    void valuesOfOneBinAreNeighboursAndEqualValuesShareABin() {
        float[] column = new float[1000];
        for (int i = 0; i < column.length; i++) {
            column[i] = 0.5f * Math.floorDiv(i * 7919 % 1000, 3);
        }
        FeatureBins bins = new FeatureBins(column, 1);
        assertThat(bins.count(0)).isBetween(64, FeatureBins.MOST);
        for (int row = 0; row < column.length; row++) {
            int bin = bins.bins()[row];
            assertThat(bin).isBetween(0, bins.count(0) - 1);
            if (bin < bins.count(0) - 1) {
                assertThat(column[row]).isLessThanOrEqualTo(bins.border(0, bin));
            }
            if (bin > 0) {
                assertThat(column[row]).isGreaterThan(bins.border(0, bin - 1));
            }
        }
    }
}
