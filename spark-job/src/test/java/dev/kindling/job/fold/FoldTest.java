package dev.kindling.job.fold;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FoldTest {
    private static final int SIZE = 3;

    /** A block's numbers, far apart in size so that every other order of additions gives other bits. */
    private static double number(int block, int place) {
        Random random = new Random(31L * block + place);
        return (random.nextDouble() - 0.5) * Math.pow(10, random.nextInt(8) - 4);
    }

    private static FoldNode leaf(Precision precision, int block) {
        Storage sums = Storage.zeros(precision, SIZE);
        double[] totals = new double[SIZE];
        for (int i = 0; i < SIZE; i++) {
            sums.set(i, number(block, i));
            totals[i] = number(block, i);
        }
        return FoldNode.block(block, sums, totals, block % 5 == 4 ? 0 : 2);
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
                FoldNode root = foldOfRanges(precision, blocks, random);
                for (int i = 0; i < SIZE; i++) {
                    double expected = treeSum(precision, Fold.rootLevel(blocks), 0, blocks, i);
                    assertThat(root.sums().at(i))
                            .as("%d blocks, number %d", blocks, i)
                            .isEqualTo(expected);
                    double total = treeSum(Precision.DOUBLE, Fold.rootLevel(blocks), 0, blocks, i);
                    assertThat(root.totals()[i]).isEqualTo(total);
                }
                assertThat(root.tasks()).isEqualTo(2 * (blocks - blocks / 5));
            }
        }
    }

    /** Random contiguous ranges, each folded by a worker of its own, arriving in random order. */
    private static FoldNode foldOfRanges(Precision precision, int blocks, Random random) {
        List<FoldNode> sent = new ArrayList<>();
        Fold range = new Fold(blocks);
        for (int block = 0; block < blocks; block++) {
            range.add(leaf(precision, block));
            if (random.nextInt(4) == 0) {
                sent.addAll(sent(range, blocks));
                range = new Fold(blocks);
            }
        }
        sent.addAll(sent(range, blocks));
        Collections.shuffle(sent, random);
        Fold round = new Fold(blocks);
        sent.forEach(round::add);
        return round.root();
    }

    private static List<FoldNode> sent(Fold range, int blocks) {
        assertThat(range.nodes()).hasSizeLessThanOrEqualTo(Math.max(1, 2 * Fold.rootLevel(blocks)));
        return range.nodes();
    }

    @Test
    void aNodeWithoutTasksChangesNoBitOfItsSibling() {
        Fold fold = new Fold(2);
        fold.add(FoldNode.block(0, Storage.of(Precision.FLOAT, -0.0), new double[] {-0.0}, 1));
        fold.add(FoldNode.block(1, Storage.of(Precision.FLOAT, 0.0), new double[] {0.0}, 0));
        assertThat(1 / fold.root().sums().at(0)).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(1 / fold.root().totals()[0]).isEqualTo(Double.NEGATIVE_INFINITY);
        assertThat(fold.root().tasks()).isEqualTo(1);
    }

    @Test
    void aRoundWithoutAnyGoodTaskHasARootOfNone() {
        Fold fold = new Fold(3);
        for (int block = 0; block < 3; block++) {
            fold.add(FoldNode.block(block, Storage.zeros(Precision.DOUBLE, 1), new double[1], 0));
        }
        assertThat(fold.root().tasks()).isZero();
    }

    @Test
    void aGapIsNamed() {
        Fold fold = new Fold(5);
        fold.add(leaf(Precision.FLOAT, 0));
        fold.add(leaf(Precision.FLOAT, 2));
        assertThat(fold.complete()).isFalse();
        assertThatThrownBy(fold::root).isInstanceOf(IllegalStateException.class).hasMessageContaining("block 1 of 5");
    }

    @Test
    void whatWasAddedBeforeIsRefused() {
        Fold fold = new Fold(6);
        fold.add(new FoldNode(1, 1, Storage.zeros(Precision.FLOAT, SIZE), new double[SIZE], 4));
        assertThatThrownBy(() -> fold.add(leaf(Precision.FLOAT, 3))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(
                        () -> fold.add(new FoldNode(2, 0, Storage.zeros(Precision.FLOAT, SIZE), new double[SIZE], 4)))
                .isInstanceOf(IllegalArgumentException.class);
        fold.add(leaf(Precision.FLOAT, 4));
        assertThatThrownBy(() -> fold.add(leaf(Precision.FLOAT, 4))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aNodeOutsideTheTreeIsRefused() {
        Fold fold = new Fold(4);
        for (FoldNode node : List.of(
                leaf(Precision.FLOAT, 4),
                new FoldNode(3, 0, Storage.zeros(Precision.FLOAT, SIZE), new double[SIZE], 1),
                new FoldNode(-1, 0, Storage.zeros(Precision.FLOAT, SIZE), new double[SIZE], 1),
                new FoldNode(0, -1, Storage.zeros(Precision.FLOAT, SIZE), new double[SIZE], 1))) {
            assertThatThrownBy(() -> fold.add(node)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aNodeOfAnotherSizeOrPrecisionIsRefused() {
        Fold fold = new Fold(4);
        fold.add(leaf(Precision.FLOAT, 0));
        assertThatThrownBy(() -> fold.add(leaf(Precision.DOUBLE, 1))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() ->
                        fold.add(FoldNode.block(1, Storage.zeros(Precision.FLOAT, SIZE + 1), new double[SIZE], 1)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void arraysThatWereAddedAreGivenBack() {
        List<Storage> unused = new ArrayList<>();
        Fold fold = new Fold(4, unused::add);
        for (int block = 0; block < 4; block++) {
            fold.add(leaf(Precision.FLOAT, block));
        }
        assertThat(unused).hasSize(3).doesNotContain(fold.root().sums());
    }
}
