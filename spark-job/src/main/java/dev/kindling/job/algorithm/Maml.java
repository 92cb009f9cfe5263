package dev.kindling.job.algorithm;

import dev.kindling.job.autodiff.Gradients;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;

/**
 * Model-agnostic meta-learning: Finn, Abbeel and Levine, ICML 2017, algorithm 2. A task adapts by θ' = θ - α ∇L(θ) on its
 * support set, any number of times, and contributes ∇_θ L(θ') on its query set: the summand of equation 1, with the
 * derivative of the adaptation, second derivatives of L included.
 */
public final class Maml implements Algorithm {
    private final InnerLoop inner;

    public Maml(InnerSettings settings) {
        this.inner = new InnerLoop(settings, Gradients::of);
    }

    @Override
    public String name() {
        return "maml";
    }

    @Override
    public Claim claim() {
        return Claim.EXACT;
    }

    @Override
    public Layout parameters(Model model) {
        return model.parameters();
    }

    @Override
    public void initialise(Model model, long seed, Storage target) {
        model.initialise(seed, target);
    }

    @Override
    public Program train(Model model, EpisodeLayout layout) {
        return inner.train(name(), model, layout);
    }

    @Override
    public Program evaluate(Model model, EpisodeLayout layout, int steps) {
        return inner.evaluate(name(), model, layout, steps);
    }
}
