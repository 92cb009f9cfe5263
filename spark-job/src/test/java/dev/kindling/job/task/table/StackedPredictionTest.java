package dev.kindling.job.task.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.Split;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StackedPredictionTest {
    /** Adds 1 up to x = 0.5, else 2 where c is a (the feature of index 2) and 4 where it is not. */
    private static final BoostedTrees.Tree TREE = new BoostedTrees.Tree(
            new int[] {0, 2}, new float[] {0.5f, 0.25f}, new int[] {~0, ~2}, new int[] {1, ~1}, new float[] {1, 2, 4});

    private static BoostedTrees trees(double base, BoostedTrees.Tree... trees) {
        return new BoostedTrees(base, List.of(trees));
    }

    private static StackedPrediction stack(double limit, BoostedTrees first) {
        List<List<BoostedTrees>> fits = new ArrayList<>();
        fits.add(List.of(first));
        for (int fold = 0; fold < GroupKeys.FOLDS; fold++) {
            fits.add(List.of(trees(100 + fold)));
        }
        return new StackedPrediction(
                List.of(StackedPrediction.NAME), limit, fits, List.of(new ColumnEncoding.Effects.Scale(100, 0.5)));
    }

    private static TableEncoding encoding(BoostedTrees first) {
        return SmallTablePacks.encoding(false).with(stack(Double.POSITIVE_INFINITY, first));
    }

    private static RawGroup row(double x, String c) {
        RawGroup group = SmallTablePacks.encoding(false).columns().newGroup();
        group.add(0, null, 1, 0);
        group.number(0, x);
        group.text(1, c);
        return group;
    }

    @Test
    void aPredictionIsTheBaseAndTheLeafOfEachTree() {
        BoostedTrees.Tree leafOnly =
                new BoostedTrees.Tree(new int[0], new float[0], new int[0], new int[0], new float[] {0.125f});
        BoostedTrees boosted = trees(10, TREE, leafOnly, TREE);
        assertThat(boosted.predict(new float[] {0.5f, 0, 0})).isEqualTo(12.125);
        assertThat(boosted.predict(new float[] {0.75f, 0, 1})).isEqualTo(14.125);
        assertThat(boosted.predict(new float[] {0.75f, 0, 0})).isEqualTo(18.125);
    }

    @Test
    void theStackedFeatureReadsTheEncodedColumnsAndIsStandardisedAndClipped() {
        TableEncoding encoding = encoding(trees(99, TREE));
        assertThat(encoding.features()).containsExactly("x", "x missing", "c=a", "c=b", "stacked prediction");
        TableEncoding.Encoder encoder = encoding.encoder();
        // x = 0.5 is encoded as 0; the prediction 100 is the mean.
        assertThat(encoder.row(row(0.5, "b"), 0, 0)).containsExactly(0, 0, 0, 1, 0);
        // x = 2.5 is encoded as 1; 101 and 103, less 100, over 0.5, at most 5.
        assertThat(encoder.row(row(2.5, "a"), 0, 0)).containsExactly(1, 0, 1, 0, 2);
        assertThat(encoder.row(row(2.5, "b"), 0, 0)).containsExactly(1, 0, 0, 1, 5);
    }

    @Test
    void aTrainingGroupGetsTheTreesWithoutItsFold() {
        TableEncoding.Encoder encoder = encoding(trees(99, TREE)).encoder();
        int fit = encoder.fit(Split.TRAIN, "g07");
        float expected = (float) (GroupKeys.fold(1, "g07") / 0.5);
        assertThat(encoder.row(row(2.5, "a"), 0, fit)[4]).isEqualTo(Math.min(5, expected));
        assertThat(encoder.row(row(2.5, "a"), 0, encoder.fit(Split.TEST, "g07"))[4])
                .isEqualTo(2);
    }

    @Test
    void aLogitIsLimitedBeforeItIsStandardised() {
        StackedPrediction limited = stack(3, trees(99, TREE));
        assertThat(limited.prediction(new float[3], 0, 0)).isEqualTo(3);
        assertThat(stack(3, trees(-99)).prediction(new float[3], 0, 0)).isEqualTo(-3);
    }

    @Test
    void storedTreesAreReadAsTheyWere() {
        TableEncoding written = SmallTablePacks.encoding(false).with(stack(3.25, trees(1 / 3.0, TREE, TREE)));
        String text = TableEncodingJson.write(written);
        TableEncoding read = TableEncodingJson.read(text, "table.json");
        assertThat(TableEncodingJson.write(read)).isEqualTo(text);
        StackedPrediction stack = read.stack().orElseThrow();
        assertThat(stack.limit()).isEqualTo(3.25);
        for (float x : new float[] {0.5f, Math.nextUp(0.5f), -1}) {
            float[] row = {x, 0, 0.25f};
            assertThat(stack.prediction(row, 0, 0))
                    .isEqualTo(written.stack().orElseThrow().prediction(row, 0, 0));
        }
    }

    @Test
    void damagedTreesAreRefused() {
        String text = TableEncodingJson.write(encoding(trees(99, TREE)));
        assertThatThrownBy(() -> TableEncodingJson.read(text.replace("0.25", "0.75"), "table.json"))
                .isInstanceOf(BadDataException.class)
                .hasMessage("table.json is damaged: its content does not match its checksum");
        BoostedTrees.Tree beyond =
                new BoostedTrees.Tree(new int[] {4}, new float[1], new int[] {~0}, new int[] {~1}, new float[2]);
        String reads = TableEncodingJson.write(encoding(trees(0, beyond)));
        assertThatThrownBy(() -> TableEncodingJson.read(reads, "table.json"))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("table.json is damaged");
    }

    @Test
    void arraysThatAreNoTreeAreRefused() {
        int[] noNode = new int[0];
        assertThatThrownBy(() ->
                        new BoostedTrees.Tree(new int[] {0}, new float[1], new int[] {0}, new int[] {~1}, new float[2]))
                .as("a split below itself")
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new BoostedTrees.Tree(
                        new int[] {0}, new float[1], new int[] {~0}, new int[] {~2}, new float[2]))
                .as("a leaf that is not there")
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new BoostedTrees.Tree(noNode, new float[0], noNode, noNode, new float[] {Float.NaN}))
                .as("a value that is not finite")
                .isInstanceOf(IllegalArgumentException.class);
    }
}
