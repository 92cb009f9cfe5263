package dev.kindling.job.algorithm;

import dev.kindling.job.algorithm.InnerLoop.AdaptationResult;
import dev.kindling.job.algorithm.InnerLoop.Contribution;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.Map;
import java.util.Optional;

/** A method whose tasks adapt the model's parameters by inner steps. */
abstract class GradientBasedMethod implements Algorithm {
    private final String name;
    private final InnerUpdate update;
    private final int steps;
    private final InnerLoop inner;

    /**
     * A method with the given inner update.
     *
     * @param steps number of inner steps in training
     */
    GradientBasedMethod(String name, InnerUpdate update, int steps) {
        this.name = name;
        this.update = update;
        this.steps = steps;
        this.inner = new InnerLoop(update, steps);
    }

    /** The contribution of a task, computed from its adaptation; by default the exact derivative of the objective. */
    Contribution contribution(ProgramBuilder b, AdaptationResult result) {
        return new Contribution(InnerLoop.derivative(b, result), Map.of());
    }

    /** The inner loop of training. */
    final InnerLoop training() {
        return inner;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final int steps() {
        return steps;
    }

    @Override
    public final Layout parameters(Model model) {
        return update.parameters(model);
    }

    @Override
    public final void initialise(Model model, long seed, FlatVector target) {
        update.initialise(model, seed, target);
    }

    @Override
    public Program train(Model model, EpisodeLayout layout) {
        return inner.train(name, model, layout, this::contribution);
    }

    @Override
    public final Optional<InnerSettings> inner() {
        return Optional.of(update.settings());
    }

    @Override
    public Optional<Program> adapt(Model model, EpisodeLayout layout) {
        return Optional.of(inner.adapt(name, model, layout));
    }

    @Override
    public Program evaluate(Model model, EpisodeLayout layout, int count) {
        return inner.evaluate(name, model, layout, count);
    }

    @Override
    public Optional<Program> adaptation(Model model, EpisodeLayout layout, int count) {
        return Optional.of(inner.adaptation(name, model, layout, count));
    }

    @Override
    public final Optional<Program> forward(Model model, EpisodeLayout layout) {
        return Optional.of(InnerLoop.forward(name, model, layout));
    }

    @Override
    public Program predict(Model model, EpisodeLayout layout, int count) {
        return inner.predict(name, model, layout, count);
    }
}
