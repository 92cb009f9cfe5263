package dev.kindling.job.reduce;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TreeReducerTest {
    private static final int SIZE = 3;

    /** The sums of a block, of very different magnitudes so that any other order of additions gives other bits. */
    private static double number(int block, int place) {
        Random random = new Random(31L * block + place);
        return (random.nextDouble() - 0.5) * Math.pow(10, random.nextInt(8) - 4);
    }

    private static PartialSum leaf(Precision precision, int block) {
        FlatVector sums = FlatVector.zeros(precision, SIZE);
        double[] totals = new double[SIZE];
        for (int i = 0; i < SIZE; i++) {
            sums.set(i, number(block, i));
            totals[i] = number(block, i);
        }
        return PartialSum.block(block, sums, totals, block % 5 == 4 ? 0 : 2);
    }

    /** The definition, in a few lines: the left half's sum plus the right half's, null where nothing was added. */
    private static Double treeSum(Precision precision, int level, int index, int blocks, int place) {
        if ((long) index << level >= blocks) {
            return null;
        }
        if (level == 0) {
            return index % 5 == 4 ? null : precision.round(number(index, place));
        }
        Double left = treeSum(precision, level - 1, 2 * index, blocks, place);
        Double right = treeSum(precision, level - 1, 2 * index + 1, blocks, place);
        if (left == null || right == null) {
            return left == null ? right : left;
        }
        return precision.round(left + right);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void everyCuttingAndArrivalGivesTheBitsOfTheTree(Precision precision) {
        for (int blocks = 1; blocks <= 40; blocks++) {
            for (int trial = 0; trial < 10; trial++) {
                Random random = new Random(1000L * blocks + trial);
                PartialSum root = reduceRanges(precision, blocks, random);
                for (int i = 0; i < SIZE; i++) {
                    double expected = treeSum(precision, TreeReducer.rootLevel(blocks), 0, blocks, i);
                    assertThat(root.sums().at(i))
                            .as("%d blocks, number %d", blocks, i)
                            .isEqualTo(expected);
                    double total = treeSum(Precision.DOUBLE, TreeReducer.rootLevel(blocks), 0, blocks, i);
                    assertThat(root.totals()[i]).isEqualTo(total);
                }
                assertThat(root.tasks()).isEqualTo(2 * (blocks - blocks / 5));
            }
        }
    }

    /** Random contiguous ranges, each reduced by a worker of its own, added in random order. */
    private static PartialSum reduceRanges(Precision precision, int blocks, Random random) {
        List<PartialSum> sent = new ArrayList<>();
        TreeReducer range = new TreeReducer(blocks);
        for (int block = 0; block < blocks; block++) {
            range.add(leaf(precision, block));
            if (random.nextInt(4) == 0) {
                sent.addAll(sent(range, blocks));
                range = new TreeReducer(blocks);
            }
        }
        sent.addAll(sent(range, blocks));
        Collections.shuffle(sent, random);
        TreeReducer round = new TreeReducer(blocks);
        sent.forEach(round::add);
        return round.root();
    }

    private static List<PartialSum> sent(TreeReducer range, int blocks) {
        assertThat(range.nodes()).hasSizeLessThanOrEqualTo(Math.max(1, 2 * TreeReducer.rootLevel(blocks)));
        return range.nodes();
    }

    @Test
    void aNodeWithoutTasksChangesNoBitOfItsSibling() {
        TreeReducer reducer = new TreeReducer(2);
        reducer.add(PartialSum.block(0, FlatVector.of(Precision.FLOAT, -0.0), new double[] {-0.0}, 1));
        reducer.add(PartialSum.block(1, FlatVector.of(Precision.FLOAT, 0.0), new double[] {0.0}, 0));
        assertThat(1 / reducer.root().sums().at(0)).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(1 / reducer.root().totals()[0]).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(reducer.root().tasks()).isEqualTo(1);
    }

    @Test
    void aRoundWithoutAnyGoodTaskHasARootOfNone() {
        TreeReducer reducer = new TreeReducer(3);
        for (int block = 0; block < 3; block++) {
            reducer.add(PartialSum.block(block, FlatVector.zeros(Precision.DOUBLE, 1), new double[1], 0));
        }
        assertThat(reducer.root().tasks()).isZero();
    }

    @Test
    void aGapIsNamed() {
        TreeReducer reducer = new TreeReducer(5);
        reducer.add(leaf(Precision.FLOAT, 0));
        reducer.add(leaf(Precision.FLOAT, 2));
        assertThat(reducer.complete()).isFalse();
        assertThatThrownBy(reducer::root)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("block 1 of 5");
    }

    @Test
    void whatWasAddedBeforeIsRefused() {
        TreeReducer reducer = new TreeReducer(6);
        reducer.add(new PartialSum(1, 1, FlatVector.zeros(Precision.FLOAT, SIZE), new double[SIZE], 4));
        assertThatThrownBy(() -> reducer.add(leaf(Precision.FLOAT, 3))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        reducer.add(new PartialSum(2, 0, FlatVector.zeros(Precision.FLOAT, SIZE), new double[SIZE], 4)))
                .isInstanceOf(IllegalArgumentException.class);
        reducer.add(leaf(Precision.FLOAT, 4));
        assertThatThrownBy(() -> reducer.add(leaf(Precision.FLOAT, 4))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aNodeOutsideTheTreeIsRefused() {
        TreeReducer reducer = new TreeReducer(4);
        for (PartialSum sum : List.of(
                leaf(Precision.FLOAT, 4),
                new PartialSum(3, 0, FlatVector.zeros(Precision.FLOAT, SIZE), new double[SIZE], 1),
                new PartialSum(-1, 0, FlatVector.zeros(Precision.FLOAT, SIZE), new double[SIZE], 1),
                new PartialSum(0, -1, FlatVector.zeros(Precision.FLOAT, SIZE), new double[SIZE], 1))) {
            assertThatThrownBy(() -> reducer.add(sum)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aNodeOfAnotherSizeOrPrecisionIsRefused() {
        TreeReducer reducer = new TreeReducer(4);
        reducer.add(leaf(Precision.FLOAT, 0));
        assertThatThrownBy(() -> reducer.add(leaf(Precision.DOUBLE, 1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> reducer.add(
                        PartialSum.block(1, FlatVector.zeros(Precision.FLOAT, SIZE + 1), new double[SIZE], 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void arraysThatWereAddedAreGivenBack() {
        List<FlatVector> unused = new ArrayList<>();
        TreeReducer reducer = new TreeReducer(4, unused::add);
        for (int block = 0; block < 4; block++) {
            reducer.add(leaf(Precision.FLOAT, block));
        }
        assertThat(unused).hasSize(3).doesNotContain(reducer.root().sums());
    }
}
