package dev.kindling.job.model;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A network and its loss, written as values over named parameters. Lives on the driver; executors see programs only. */
public interface Model {
    /** The share of the way to a round's batches that {@link #runningStatistics} go: Deeplearning4j's decay of 0.9. */
    double MOMENTUM = 0.1;

    /** The parameters in order, {@link #runningStatistics} among them: Deeplearning4j's names and shapes. */
    Layout parameters();

    /** Draws the initial parameters into {@code target}, laid out as {@link #parameters()}: a pure function of the seed. */
    void initialise(long seed, FlatVector target);

    /** Names of the parameters that no gradient moves and no task adapts, because they follow {@link #batchStatistics}. */
    default Set<String> runningStatistics() {
        return Set.of();
    }

    /** Names of the parameters of the output layer, in order. */
    default List<String> head() {
        return List.of();
    }

    /**
     * The network without its output layer: its output for a batch is [examples, features].
     *
     * @throws IllegalArgumentException if the last layer is not a fully connected one
     */
    default Model encoder() {
        throw new IllegalArgumentException("model.network has no fully connected output layer that can be taken off");
    }

    /**
     * For each of {@link #runningStatistics}, in order, its value for the batch of a pass. Where {@code parameters} has no value for
     * a statistic, the pass itself uses the batch's.
     */
    default Map<String, Value> batchStatistics(
            ProgramBuilder b, Map<String, Value> parameters, Value x, ForwardContext context) {
        return Map.of();
    }

    /** Whether passes draw random numbers, where they have a key. */
    default boolean random() {
        return false;
    }

    /**
     * The network's output for a batch, with the batch's own statistics: what inner steps descend on.
     *
     * @param parameters a value for each name of {@link #parameters()}
     * @param x inputs [examples, ...features]
     * @return [examples, outputs]
     */
    Value output(ProgramBuilder b, Map<String, Value> parameters, Value x, ForwardContext context);

    /**
     * The network's output for the queries of a task, with the statistics that {@code model.batch-norm} says.
     *
     * @param parameters a value for each name of {@link #parameters()}, adapted to the task
     * @param support the task's support inputs [examples, ...features]
     * @param query inputs [queries, ...features]
     * @return [queries, outputs]; of a model whose examples do not depend on each other, the output of a pass
     */
    default Value predict(
            ProgramBuilder b, Map<String, Value> parameters, Value support, Value query, ForwardContext context) {
        return output(b, parameters, query, context);
    }

    /** The mean loss, a scalar, of outputs [examples, outputs] against targets as an episode holds them. */
    Value loss(ProgramBuilder b, Value output, Value y);

    /** The share of right predictions, a scalar; empty for regression. */
    Optional<Value> accuracy(ProgramBuilder b, Value output, Value y);
}
