package dev.kindling.job.algorithm;

import dev.kindling.job.autodiff.Gradients;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;

/**
 * First-order MAML: Finn, Abbeel and Levine, ICML 2017, section 5.2 (named so by Nichol, Achiam and Schulman 2018). As
 * {@link Maml}, but the derivative of the inner gradient is taken as 0, so that a task contributes the query gradient at
 * the adapted parameters, ∇L(θ') at θ'.
 */
public final class Fomaml implements Algorithm {
    private final InnerLoop inner;

    public Fomaml(InnerSettings settings) {
        this.inner = new InnerLoop(
                settings,
                (b, loss, parameters) -> Gradients.of(b, loss, parameters).stream()
                        .map(b::stopGradient)
                        .toList());
    }

    @Override
    public String name() {
        return "fomaml";
    }

    @Override
    public Claim claim() {
        return Claim.FIRST_ORDER;
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
