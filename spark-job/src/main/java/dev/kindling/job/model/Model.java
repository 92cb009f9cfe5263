package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A network and its loss, expressed as values of a program over named parameters. Used on the driver; executors get
 * programs.
 */
public interface Model {
    /** The weight of a round's statistics in {@link #runningStatistics}: a decay of 0.9, as in Deeplearning4j. */
    double MOMENTUM = 0.1;

    /** The parameters in order, including {@link #runningStatistics}, with Deeplearning4j's names and shapes. */
    Layout parameters();

    /** Draws the initial parameters into {@code target}, laid out as {@link #parameters()}: a pure function of the seed. */
    void initialise(long seed, FlatVector target);

    /** The names of the parameters that average {@link #batchStatistics}: no gradient updates and no task adapts them. */
    default Set<String> runningStatistics() {
        return Set.of();
    }

    /** The names of the parameters of the output layer, in order. */
    default List<String> head() {
        return List.of();
    }

    /**
     * The network without its output layer: its output for a batch is [examples, features].
     *
     * @throws IllegalArgumentException if the last layer is not fully connected
     */
    default Model encoder() {
        throw new IllegalArgumentException("model.network has no fully connected output layer that can be removed");
    }

    /** The index of the element of an input by which a task's examples are ordered, such as a time; empty if there is none. */
    default OptionalInt order() {
        return OptionalInt.empty();
    }

    /** The number of values of each category whose indices examples have beside their features; see {@link dev.kindling.job.task.EpisodeLayout}. */
    default List<Integer> categories() {
        return List.of();
    }

    /**
     * The values of {@link #runningStatistics}, in order, for the batch of a forward pass. If {@code parameters} has no value
     * for a statistic, the pass uses that of the batch.
     */
    default Map<String, Value> batchStatistics(
            ProgramBuilder b, Map<String, Value> parameters, Value x, ForwardContext context) {
        return Map.of();
    }

    /** Whether an example's output depends on the other examples of the batch or, over rounds, on their statistics. */
    default boolean mixesExamples() {
        return false;
    }

    /** Whether forward passes with a key draw random numbers. */
    default boolean random() {
        return false;
    }

    /**
     * The network's output for a batch, with the statistics of that batch; used in inner steps.
     *
     * @param parameters a value for each name of {@link #parameters()}
     * @param x inputs [examples, ...features]
     * @return [examples, outputs]
     */
    Value output(ProgramBuilder b, Map<String, Value> parameters, Value x, ForwardContext context);

    /**
     * The network's output for the queries of a task, with the statistics that {@code model.batch-norm} selects.
     *
     * @param parameters a value for each name of {@link #parameters()}, adapted to the task
     * @param support the task's support inputs [examples, ...features]
     * @param query inputs [queries, ...features]
     * @return [queries, outputs]; by default the output of a forward pass of the queries
     */
    default Value predict(
            ProgramBuilder b, Map<String, Value> parameters, Value support, Value query, ForwardContext context) {
        return output(b, parameters, query, context);
    }

    /** The mean loss, a scalar, of outputs [examples, outputs]; weighted if the targets are. */
    Value loss(ProgramBuilder b, Value output, Targets targets);

    /** The fraction of correct predictions, a scalar, weighted if the targets are; empty for regression. */
    Optional<Value> accuracy(ProgramBuilder b, Value output, Targets targets);
}
