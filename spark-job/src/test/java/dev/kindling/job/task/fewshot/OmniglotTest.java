package dev.kindling.job.task.fewshot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.ResolvedPath;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;

/** The complete Omniglot and its Vinyals split. */
final class OmniglotTest {
    private final String folder = Omniglot.folder().toString();

    private FewShotSource open(String split) {
        return FewShotSource.open(
                FewShots.settings(folder, split, 5, false, 28, new EpisodeSizes(1, 1, 1, 1)), new Configuration());
    }

    @Test
    void allCharactersAndImagesAreIndexed() {
        ImageIndex index = ImageIndex.open(ResolvedPath.of("few-shot.data", folder, new Configuration()));
        assertThat(index.classes().values())
                .filteredOn(each -> !each.images().isEmpty())
                .hasSize(1623)
                .allMatch(each -> each.images().size() == 20);
    }

    @Test
    void theVinyalsSplitHasItsClassesAndDecodesOnDemand() {
        FewShotSource source = open(new Path(folder, "splits-vinyals").toString());
        assertThat(source.classes(Split.TRAIN)).hasSize(4112).isSorted();
        assertThat(source.classes(Split.VALIDATE)).hasSize(688);
        assertThat(source.classes(Split.TEST)).hasSize(1692);
        assertThat(source.decodedBytes()).as("before the first task").isLessThan(32_460 * 784);
        assertThat(source.checks(IntStream.range(0, 50)
                        .mapToObj(i -> source.sample(new TaskKey(1, Split.TRAIN, 0, i)))
                        .toList()))
                .hasSize(2)
                .allMatch(check -> check.holds());
    }

    @Test
    void theOneSplitFolderInsideTheDataIsFound() {
        assertThat(open("").dataHash())
                .hasSize(64)
                .isEqualTo(open(new Path(folder, "splits-vinyals").toString()).dataHash());
    }

    @Test
    void darkStrokesAreOneAndThePaperIsZero() {
        FewShotSource source = open("");
        FlatVector episode = FlatVector.zeros(
                Precision.DOUBLE, source.layout(Split.TRAIN).arrays().size());
        source.materialise(source.sample(new TaskKey(3, Split.TRAIN, 0, 0)), episode, 0);
        // Strokes are thin: most pixels are paper, exactly 0, and some are dark.
        double[] drawing =
                IntStream.range(0, 784).mapToDouble(episode::at).sorted().toArray();
        assertThat(drawing[392]).isZero();
        assertThat(drawing[783]).isBetween(0.3, 1.0);
    }
}
