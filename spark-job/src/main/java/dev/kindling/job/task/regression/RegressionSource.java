package dev.kindling.job.task.regression;

import dev.kindling.job.random.Stream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Shape;
import dev.kindling.job.tensor.Storage;

/**
 * Points whose x and y are independent standard normal numbers: what a hypernetwork that writes a small network's weights
 * is trained on. Nothing generalises from support to query, so the loss tells memorisation from chance.
 */
final class RegressionSource implements TaskSource {
    private static final int[] NO_ITEMS = {};

    private final RegressionSettings settings;

    RegressionSource(RegressionSettings settings) {
        this.settings = settings;
    }

    @Override
    public EpisodeLayout layout(Purpose purpose) {
        return new EpisodeLayout(
                Shape.of(1),
                0,
                1,
                settings.sizes().support(purpose),
                settings.sizes().query(purpose));
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        return new TaskSpec(key.purpose(), key.round(), key.index(), key.taskSeed(), NO_ITEMS);
    }

    @Override
    public void materialise(TaskSpec spec, Storage target, int offset) {
        Stream stream = Stream.of(spec.seed());
        int points = settings.sizes().support(spec.purpose()) + settings.sizes().query(spec.purpose());
        for (int i = 0; i < 2 * points; i++) {
            target.set(offset + i, stream.nextNormal());
        }
    }

    @Override
    public String dataHash() {
        return "generated";
    }
}
