package dev.kindling.job.task.regression;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Shape;

/**
 * A task source whose points have independent standard normal x and y, used to train a hypernetwork that generates a small
 * network's weights. Nothing generalises from support to query, so any gain on the query set is memorisation.
 */
final class RegressionSource implements TaskSource {
    private static final int[] NO_INDICES = {};

    private final RegressionSettings settings;

    RegressionSource(RegressionSettings settings) {
        this.settings = settings;
    }

    @Override
    public EpisodeLayout layout(Split split) {
        return new EpisodeLayout(
                Shape.of(1),
                0,
                1,
                settings.sizes().support(split),
                settings.sizes().query(split));
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        return new TaskSpec(key.split(), key.round(), key.index(), key.taskSeed(), NO_INDICES);
    }

    @Override
    public void materialise(TaskSpec spec, FlatVector target, int offset) {
        RandomStream stream = RandomStream.of(spec.seed());
        int points = settings.sizes().support(spec.split()) + settings.sizes().query(spec.split());
        for (int i = 0; i < 2 * points; i++) {
            target.set(offset + i, stream.nextNormal());
        }
    }

    @Override
    public String dataHash() {
        return "generated";
    }
}
