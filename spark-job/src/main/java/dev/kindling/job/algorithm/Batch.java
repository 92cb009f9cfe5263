package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.model.Targets;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Shape;
import java.util.Map;
import java.util.Optional;

/**
 * Inputs and targets of the support or query set, or of some of its examples.
 *
 * @param x features, [examples, ...]
 * @param weights [examples]; empty if the episode is not weighted
 * @param categories indices of the values of categories, [examples, categories]; empty if there are none
 */
record Batch(Value x, Value y, Optional<Value> weights, Optional<Value> categories) {
    /** The support set of an episode's arrays by name. */
    static Batch support(Map<String, Value> episode) {
        return new Batch(
                NamedValues.value(episode, EpisodeLayout.SUPPORT_X),
                NamedValues.value(episode, EpisodeLayout.SUPPORT_Y),
                Optional.ofNullable(episode.get(EpisodeLayout.SUPPORT_WEIGHTS)),
                Optional.ofNullable(episode.get(EpisodeValues.SUPPORT_CATEGORIES)));
    }

    /** The query set of an episode's arrays by name. */
    static Batch query(Map<String, Value> episode) {
        return new Batch(
                NamedValues.value(episode, EpisodeLayout.QUERY_X),
                NamedValues.value(episode, EpisodeLayout.QUERY_Y),
                Optional.ofNullable(episode.get(EpisodeLayout.QUERY_WEIGHTS)),
                Optional.ofNullable(episode.get(EpisodeValues.QUERY_CATEGORIES)));
    }

    /**
     * Refuses weighted episodes for a model with batch norm, whose statistics would include the examples of weight 0, with
     * IllegalArgumentException.
     */
    static void requireWeightsSupported(Model model, EpisodeLayout layout) {
        if (layout.weighted() && model.mixesExamples()) {
            throw new IllegalArgumentException("model.network has batch norm; tasks with row weights, as of"
                    + " task.source = table, need a network without it, such as mlp-64-64");
        }
    }

    /** The number of examples. */
    int size() {
        return x.shape().dim(0);
    }

    /** The examples at the given rows, [k]. */
    Batch rows(ProgramBuilder b, Value rows) {
        return new Batch(
                b.gather(x, rows),
                b.gather(y, rows),
                weights.map(each -> b.gather(each, rows)),
                categories.map(each -> b.gather(each, rows)));
    }

    /** The sum over the examples of rows [examples, width], times their weights: [1, width]. */
    Value sumKept(ProgramBuilder b, Value rows) {
        return b.sumKept(weighted(b, rows), 0);
    }

    /** The mean over the examples of rows [examples, width], weighted: [1, width]; 0 if all weights are 0. */
    Value meanKept(ProgramBuilder b, Value rows) {
        if (weights.isEmpty()) {
            return b.meanKept(rows, 0);
        }
        Value total = b.sumAll(weights.get());
        return b.div(sumKept(b, rows), b.select(b.greater(total, b.constant(0)), total, b.constant(1)));
    }

    /** Rows [examples, width] times the weights of the examples; 0, whatever the row holds, where the weight is 0. */
    Value weighted(ProgramBuilder b, Value rows) {
        if (weights.isEmpty()) {
            return rows;
        }
        Value column = b.broadcast(b.reshape(weights.get(), Shape.of(size(), 1)), rows.shape());
        return b.select(b.greater(column, b.constant(0)), b.mul(column, rows), b.constant(0));
    }

    /** The targets with their weights. */
    Targets targets() {
        return new Targets(y, weights);
    }
}
