package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A meta-learning method: translates a model into the programs that train, evaluate and serve one task. Used on the driver;
 * executors get programs.
 */
public interface Algorithm {
    /** The derivative that a method's contribution is claimed to be, verified by the command {@code check}. */
    enum Claim {
        /** The exact derivative of the objective after adaptation. */
        EXACT,
        /** The query gradient at the adapted parameters: the derivative of adaptation is approximated by the identity. */
        FIRST_ORDER,
        /** The derivative of the query loss through the minimiser of the inner problem, found by solving a linear system. */
        IMPLICIT,
        /** The difference θ - φ of initial and adapted parameters, which is not a derivative. */
        DELTA,
        /** Zero: θ keeps its initial value. */
        NOTHING
    }

    /** The value of {@code algorithm.name} that selects this method. */
    String name();

    Claim claim();

    /** The number of members whose arrays θ holds; 1 unless this is an ensemble. */
    default int members() {
        return 1;
    }

    /** The method that trains one member of an ensemble; this method unless it is one. */
    default Algorithm member() {
        return this;
    }

    /** The seed of one member, from 0, of a run with the given seed; that seed unless this is an ensemble. */
    default long memberSeed(long seed, int number) {
        return seed;
    }

    /** Whether predictions are what the model's loss takes: means of targets, or logits of classes. */
    default boolean predictsForTheModelsLoss() {
        return true;
    }

    /** The first round in which contributions are as claimed; earlier ones have the program of {@link #trainFirstOrder}. */
    default long exactFromRound() {
        return 0;
    }

    /** The layout of θ: the model's parameters that the method learns, then the method's own, named {@code <method>.<name>}. */
    Layout parameters(Model model);

    /** Draws the initial θ into {@code target}: a pure function of the seed. */
    void initialise(Model model, long seed, FlatVector target);

    /**
     * Replaces the initial θ with one fitted to training tasks before the first round: a pure function of θ, the seed and the
     * source's data. By default θ keeps its initial value.
     *
     * @param theta laid out as {@link #parameters}
     */
    default void fitInitial(Model model, TaskSource source, long seed, FlatVector theta) {}

    /** Whether {@link #fitInitial} changes θ: then the start is validated too, so that no training is worse than it. */
    default boolean fitsInitial() {
        return false;
    }

    /**
     * The arrays of θ that are running averages of values that tasks report instead of being updated by gradients, each with
     * the weight of a round's mean in the average, above 0 and at most 1.
     */
    default Map<String, Double> runningStatistics(Model model) {
        Map<String, Double> rates = new TreeMap<>();
        model.runningStatistics().forEach(name -> rates.put(name, Model.MOMENTUM));
        return rates;
    }

    /** The number of inner steps of a training task; 0 for a method without inner steps. */
    int steps();

    /** The settings of the inner loop, in training and evaluation; empty for a method without inner steps. */
    default Optional<InnerSettings> inner() {
        return Optional.empty();
    }

    /** Whether a training task adapts by plain gradient descent of all parameters on the whole support set. */
    default boolean usesPlainGradientDescent() {
        return false;
    }

    /** The settings of parameter averaging if it replaces the program of {@link #train}; empty otherwise. */
    default Optional<ParameterAveraging> averaging() {
        return Optional.empty();
    }

    /**
     * The key of the schedule of the interpolation rate, if the mean contribution is subtracted from θ with that rate; empty if
     * a meta-optimizer updates θ.
     */
    default Optional<String> interpolationRateKey() {
        return Optional.empty();
    }

    /**
     * The number of training tasks that one contribution is computed from. If it is above 1, the layout given to
     * {@link #train} has that many stacked episodes, and its per-task outputs are means over them.
     *
     * @param tasksPerRound the meta-batch size
     * @throws IllegalArgumentException if the method cannot divide a round of that size
     */
    default int tasksPerContribution(int tasksPerRound) {
        return 1;
    }

    /**
     * The program that computes the contribution of one task. Broadcast inputs: θ. Task inputs: the episode and the additional
     * inputs of {@link EpisodeLayout#arraysAnd} that the method needs. Summed outputs: one for each array of θ, with its name
     * and in its order. Per-task outputs, all scalars: {@code query_loss}, {@code support_loss} (at θ), for classification
     * {@code query_accuracy}, and the method's own; {@code objective} is the differentiated function if it is not
     * {@code query_loss}, {@code residual} the relative residual of a linear system that the method solves. For an ensemble it is
     * the program of one member, over the arrays of {@link #member()}.
     */
    Program train(Model model, EpisodeLayout layout);

    /**
     * The program that replaces {@link #train} in rounds before {@link #exactFromRound}, with the same inputs and outputs: the
     * derivative of adaptation is approximated by the identity, at the cost of first-order arithmetic. Empty if there are no
     * such rounds.
     */
    default Optional<Program> trainFirstOrder(Model model, EpisodeLayout layout) {
        return Optional.empty();
    }

    /** The program of a training task of the given round. */
    default Program train(Model model, EpisodeLayout layout, long round) {
        return round < exactFromRound()
                ? trainFirstOrder(model, layout).orElseGet(() -> train(model, layout))
                : train(model, layout);
    }

    /**
     * The program that computes the adapted parameters of a training task. Inputs as those of {@link #train}; summed outputs:
     * φ, laid out as the model's parameters. Empty for a method that does not adapt them.
     */
    default Optional<Program> adapt(Model model, EpisodeLayout layout) {
        return Optional.empty();
    }

    /**
     * The program that evaluates one task. Broadcast inputs: θ. Task inputs: the episode. Per-task outputs: {@code loss}
     * and, for classification, {@code accuracy} on the query set after 0, 1, ... {@code steps} inner steps: [steps + 1];
     * methods without inner steps give [1].
     */
    Program evaluate(Model model, EpisodeLayout layout, int steps);

    /**
     * The program that predicts the query set of one task. Inputs as those of {@link #evaluate}. Per-task output:
     * {@code prediction}, the output of the network for the query set after 0, 1, ... {@code steps} inner steps: [steps +
     * 1, queries, outputs]; methods without inner steps give [1, queries, outputs]. Methods that predict the variance of a
     * query's target also give {@code variance}, [1, queries].
     */
    Program predict(Model model, EpisodeLayout layout, int steps);

    /**
     * The program that computes the adapted parameters of a new task: the first part of {@link #predict}, for serving many
     * predictions of one task. Broadcast inputs: θ. Task inputs: {@link EpisodeLayout#supportArrays}. Summed outputs: the
     * arrays that {@link #forward} reads, laid out as the model's parameters. Empty for a method that predicts from the
     * support set itself.
     */
    default Optional<Program> adaptation(Model model, EpisodeLayout layout, int steps) {
        return Optional.empty();
    }

    /**
     * The program that predicts with adapted parameters: the second part of {@link #predict}. Broadcast inputs: the
     * outputs of {@link #adaptation}. Task inputs: {@link EpisodeLayout#inputArrays}. Per-task output: {@code prediction}
     * [queries, outputs]. Empty if {@link #adaptation} is.
     */
    default Optional<Program> forward(Model model, EpisodeLayout layout) {
        return Optional.empty();
    }
}
