package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A method of meta-learning, written once and for one task: it turns a model into programs. Lives on the driver;
 * executors see the programs only.
 */
public interface Algorithm {
    /** What a method claims its contribution to be; {@code check} holds it to this. */
    enum Claim {
        /** The exact derivative of the objective after adaptation. */
        EXACT,
        /** The query gradient at the adapted parameters, taken as if adaptation had derivative one. */
        FIRST_ORDER,
        /** The derivative of the query loss through the minimiser that adaptation looks for, by a linear system. */
        IMPLICIT,
        /** How far adaptation moved the parameters, θ - φ: nobody's derivative. */
        DELTA,
        /** Nothing: θ stays as it began. */
        NOTHING
    }

    /** The value of {@code algorithm.name} that means this method. */
    String name();

    Claim claim();

    /** The first round in which a contribution is what is claimed; before it one of first order may stand in. */
    default long exactFromRound() {
        return 0;
    }

    /** θ: the model's parameters, as far as the method learns them, then what it learns beside, {@code <method>.<name>}. */
    Layout parameters(Model model);

    /** Draws the initial θ into {@code target}: a pure function of the seed. */
    void initialise(Model model, long seed, FlatVector target);

    /**
     * Names of the arrays of θ that no gradient moves, because they follow what tasks report of them, each with the share
     * of the way that it goes in a round, above 0 and at most 1.
     */
    default Map<String, Double> runningStatistics(Model model) {
        Map<String, Double> followers = new TreeMap<>();
        model.runningStatistics().forEach(name -> followers.put(name, Model.MOMENTUM));
        return followers;
    }

    /** Inner steps of a training task; 0 for a method without. */
    int steps();

    /** How tasks adapt, in training and afterwards; empty for a method whose tasks have no inner steps. */
    default Optional<InnerSettings> inner() {
        return Optional.empty();
    }

    /** Whether a training task adapts by gradient descent of all parameters on the whole support set and nothing else. */
    default boolean usesPlainGradientDescent() {
        return false;
    }

    /** Who makes the rounds of training where it is not the program of {@link #train}; empty where it is. */
    default Optional<ParameterAveraging> averaging() {
        return Optional.empty();
    }

    /**
     * The key of a schedule by which the mean contribution is taken from θ as it is; empty where that is the
     * meta-optimizer's business.
     */
    default Optional<String> interpolationRateKey() {
        return Optional.empty();
    }

    /**
     * How many training tasks make one contribution, of so many in a round: then {@link #train} is given the shapes of that
     * many episodes together, and what it measures are means over them.
     *
     * @throws IllegalArgumentException if the method cannot divide a round of that many
     */
    default int tasksPerContribution(int tasksPerRound) {
        return 1;
    }

    /**
     * What one task contributes. Shared inputs: θ. Task inputs: the episode, and what of {@link EpisodeLayout#arraysAnd} the
     * method asks for. Summed outputs: one for each array of θ, with its name and in its order. Per-task outputs, all
     * scalars: {@code query_loss}, {@code support_loss} (at θ), for classification {@code query_accuracy}, and perhaps more
     * of the method's own; {@code objective} is what the contribution claims to be the derivative of where that is not
     * {@code query_loss}, {@code residual} the relative one of a linear system that the method solves.
     */
    Program train(Model model, EpisodeLayout layout);

    /**
     * The parameters that a training task adapts to. Inputs as those of {@link #train}; summed outputs: φ, laid out as the
     * model's parameters. Empty for a method that does not adapt them.
     */
    default Optional<Program> adapt(Model model, EpisodeLayout layout) {
        return Optional.empty();
    }

    /**
     * How well one task is learned. Shared inputs: θ. Task inputs: the episode. Per-task outputs: {@code loss} and, for
     * classification, {@code accuracy} on the query set after 0, 1, ... {@code steps} inner steps: [steps + 1]; methods
     * without inner steps give [1].
     */
    Program evaluate(Model model, EpisodeLayout layout, int steps);

    /**
     * What is predicted for one task. Inputs as those of {@link #evaluate}. Per-task output: {@code prediction}, the output
     * of the network for the query set after 0, 1, ... {@code steps} inner steps: [steps + 1, queries, outputs]; methods
     * without inner steps give [1, queries, outputs].
     */
    Program predict(Model model, EpisodeLayout layout, int steps);

    /**
     * The parameters that a new task adapts to: the first half of {@link #predict}, for models that serve one task many
     * times. Shared inputs: θ. Task inputs: {@link EpisodeLayout#supportArrays}. Summed outputs: the arrays that
     * {@link #forward} reads, laid out as the model's parameters. Empty for a method that predicts from the support set itself.
     */
    default Optional<Program> adaptation(Model model, EpisodeLayout layout, int steps) {
        return Optional.empty();
    }

    /**
     * Predictions by adapted parameters: the second half of {@link #predict}. Shared inputs: what {@link #adaptation} gives.
     * Task inputs: {@link EpisodeLayout#inputArrays}. Per-task output: {@code prediction} [queries, outputs]. Empty where
     * {@link #adaptation} is.
     */
    default Optional<Program> forward(Model model, EpisodeLayout layout) {
        return Optional.empty();
    }
}
