package dev.kindling.driver.cli;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSourceProvider;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.SortedMap;
import org.apache.hadoop.conf.Configuration;

/**
 * Provides few-shot tasks for tests whose support labels are shuffled, so that they carry no information about the
 * queries.
 */
public final class ShuffledLabelsProvider implements TaskSourceProvider {
    static final String NAME = "shuffled-labels";

    private static final long SHUFFLE = 99;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public TaskSource open(SortedMap<String, String> settings, Configuration hadoop) {
        return new Shuffled(TaskSources.open(new SourceDescription("few-shot", settings), hadoop));
    }

    private record Shuffled(TaskSource honest) implements TaskSource {
        @Override
        public EpisodeLayout layout(Split split) {
            return honest.layout(split);
        }

        @Override
        public TaskSpec sample(TaskKey key) {
            return honest.sample(key);
        }

        @Override
        public void materialise(TaskSpec spec, FlatVector target, int offset) {
            honest.materialise(spec, target, offset);
            EpisodeLayout layout = layout(spec.split());
            Layout arrays = layout.arrays();
            int labels = offset + arrays.offset(EpisodeLayout.SUPPORT_Y);
            int[] renamed =
                    RandomStream.of(spec.seed(), SHUFFLE).sampleWithoutReplacement(layout.classes(), layout.classes());
            for (int i = 0; i < layout.support(); i++) {
                target.set(labels + i, renamed[(int) target.at(labels + i)]);
            }
        }

        @Override
        public String dataHash() {
            return honest.dataHash();
        }
    }
}
