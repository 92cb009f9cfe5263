package dev.kindling.job.task.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BoostedTreesTest {
    private static final int FEATURES = 5;
    private static final float[] NUMBERS = {
        0f, -0f, 1f, -1f, Float.MIN_VALUE, -Float.MIN_VALUE, 0.5f, -2.5f, Float.MAX_VALUE, -Float.MAX_VALUE
    };
    private static final float[] SPECIAL = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};

    /** Any number of trees of any shape, with values that compare in an unusual way. */
    @Test
    void predictionIsTheSumOfTheLeavesThatComparisonsLeadTo() {
        Random random = new Random(5);
        for (int count = 0; count < 40; count++) {
            List<BoostedTrees.Tree> trees = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                trees.add(tree(random, random.nextInt(12)));
            }
            BoostedTrees boosted = new BoostedTrees(3.25, trees);
            for (int row = 0; row < 50; row++) {
                float[] features = new float[FEATURES];
                for (int feature = 0; feature < FEATURES; feature++) {
                    features[feature] =
                            random.nextInt(8) == 0 ? SPECIAL[random.nextInt(SPECIAL.length)] : number(random);
                }
                assertThat(boosted.predict(features)).isEqualTo(predicted(3.25, trees, features));
            }
        }
    }

    @Test
    void rowsMustHaveTheFeaturesOfTheSplits() {
        BoostedTrees.Tree split = new BoostedTrees.Tree(
                new int[] {3}, new float[] {0}, new int[] {~0}, new int[] {~1}, new float[] {1, 2});
        assertThat(new BoostedTrees(0, List.of()).width()).isZero();
        assertThat(new BoostedTrees(0, List.of(leaf())).width()).isZero();
        assertThat(new BoostedTrees(0, List.of(leaf(), split)).width()).isEqualTo(4);
    }

    private static BoostedTrees.Tree leaf() {
        return new BoostedTrees.Tree(new int[0], new float[0], new int[0], new int[0], new float[] {1});
    }

    private static double predicted(double base, List<BoostedTrees.Tree> trees, float[] row) {
        double sum = base;
        for (BoostedTrees.Tree tree : trees) {
            int node = tree.features().length == 0 ? ~0 : 0;
            while (node >= 0) {
                boolean left = row[tree.features()[node]] <= tree.thresholds()[node];
                node = left ? tree.left()[node] : tree.right()[node];
            }
            sum += tree.values()[~node];
        }
        return sum;
    }

    /** A tree that grows by turning a leaf that is drawn into a split. */
    private static BoostedTrees.Tree tree(Random random, int splits) {
        int[] features = new int[splits];
        float[] thresholds = new float[splits];
        int[] left = new int[splits];
        int[] right = new int[splits];
        float[] values = new float[splits + 1];
        List<int[]> places = new ArrayList<>();
        for (int split = 0; split < splits; split++) {
            if (split > 0) {
                int[] place = places.remove(random.nextInt(places.size()));
                (place[1] == 0 ? left : right)[place[0]] = split;
            }
            features[split] = random.nextInt(FEATURES);
            thresholds[split] = number(random);
            places.add(new int[] {split, 0});
            places.add(new int[] {split, 1});
        }
        for (int leaf = 0; leaf <= splits; leaf++) {
            values[leaf] = (float) random.nextGaussian();
            if (leaf < places.size()) {
                int[] place = places.get(leaf);
                (place[1] == 0 ? left : right)[place[0]] = ~leaf;
            }
        }
        return new BoostedTrees.Tree(features, thresholds, left, right, values);
    }

    private static float number(Random random) {
        return random.nextBoolean() ? NUMBERS[random.nextInt(NUMBERS.length)] : (float) random.nextGaussian();
    }
}
