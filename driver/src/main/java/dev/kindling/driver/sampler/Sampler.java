package dev.kindling.driver.sampler;

import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import java.util.ArrayList;
import java.util.List;

/** Samples the tasks of rounds from one source and split, as a pure function of (seed, split, round, index). */
public final class Sampler {
    private final TaskSource source;
    private final long seed;
    private final Split split;

    public Sampler(TaskSource source, long seed, Split split) {
        this.source = source;
        this.seed = seed;
        this.split = split;
    }

    /** The tasks 0 .. {@code count}-1 of a round (0-based), in order. */
    public List<TaskSpec> round(long round, int count) {
        return range(round, 0, count);
    }

    /** The tasks {@code from} (included) to {@code to} (excluded) of a round, in order; they equal those of the whole round. */
    public List<TaskSpec> range(long round, int from, int to) {
        List<TaskSpec> specs = new ArrayList<>(to - from);
        for (int index = from; index < to; index++) {
            specs.add(source.sample(new TaskKey(seed, split, round, index)));
        }
        return specs;
    }
}
