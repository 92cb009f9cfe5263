package dev.kindling.job.runner;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;

/** {@link Lengths} that promises one length only. */
record OfOneLength(Lengths all, int length) implements TaskSource {
    @Override
    public EpisodeLayout layout(Split split) {
        return Lengths.layout(length);
    }

    @Override
    public TaskSpec sample(TaskKey key) {
        return all.sample(key);
    }

    @Override
    public void materialise(TaskSpec spec, FlatVector target, int offset) {
        all.materialise(spec, target, offset);
    }

    @Override
    public String dataHash() {
        return all.dataHash();
    }
}
