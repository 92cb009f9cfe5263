package dev.kindling.job.algorithm;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import java.util.Map;

/** Inputs and targets of the support or query set, or of some of its examples. */
record Batch(Value x, Value y) {
    /** The support set of an episode's arrays by name. */
    static Batch support(Map<String, Value> episode) {
        return new Batch(
                NamedValues.value(episode, EpisodeLayout.SUPPORT_X),
                NamedValues.value(episode, EpisodeLayout.SUPPORT_Y));
    }

    /** The query set of an episode's arrays by name. */
    static Batch query(Map<String, Value> episode) {
        return new Batch(
                NamedValues.value(episode, EpisodeLayout.QUERY_X), NamedValues.value(episode, EpisodeLayout.QUERY_Y));
    }

    /** The number of examples. */
    int size() {
        return x.shape().dim(0);
    }

    /** The examples at the given rows, [k]. */
    Batch rows(ProgramBuilder b, Value rows) {
        return new Batch(b.gather(x, rows), b.gather(y, rows));
    }
}
