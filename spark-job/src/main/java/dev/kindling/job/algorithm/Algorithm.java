package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;

/**
 * A method of meta-learning, written once and for one task: it turns a model into programs. Lives on the driver;
 * executors see the programs only.
 */
public interface Algorithm {
    /** What a method claims its meta-gradient to be; {@code check} holds it to this. */
    enum Claim {
        /** The exact derivative of the query loss after adaptation. */
        EXACT,
        /** The query gradient at the adapted parameters, taken as if adaptation had derivative one. */
        FIRST_ORDER
    }

    /** The value of {@code algorithm.name} that means this method. */
    String name();

    Claim claim();

    /** θ: the model's parameters, then what the method itself learns, named {@code <method>.<name>}. */
    Layout parameters(Model model);

    /** Draws the initial θ into {@code target}: a pure function of the seed. */
    void initialise(Model model, long seed, Storage target);

    /**
     * What one task contributes. Shared inputs: θ. Task inputs: the episode. Summed outputs: one for each array of θ,
     * with its name and in its order. Per-task outputs, all scalars: {@code query_loss}, {@code support_loss} (at θ) and,
     * for classification, {@code query_accuracy}.
     */
    Program train(Model model, EpisodeLayout layout);

    /**
     * How well one task is learned. Shared inputs: θ. Task inputs: the episode. Per-task outputs: {@code loss} and, for
     * classification, {@code accuracy} on the query set after 0, 1, ... {@code steps} inner steps: [steps + 1]; methods
     * without inner steps give [1].
     */
    Program evaluate(Model model, EpisodeLayout layout, int steps);
}
