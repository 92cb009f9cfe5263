package dev.kindling.driver.check;

import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A method with another claim or a modified training program.
 *
 * @param change of the training program
 */
public record Wrapped(Algorithm method, Claim claim, UnaryOperator<Program> change) implements Algorithm {
    /** The method with another claim. */
    public static Wrapped claiming(Claim claim, Algorithm method) {
        return new Wrapped(method, claim, UnaryOperator.identity());
    }

    @Override
    public String name() {
        return method.name();
    }

    @Override
    public Layout parameters(Model model) {
        return method.parameters(model);
    }

    @Override
    public void initialise(Model model, long seed, FlatVector target) {
        method.initialise(model, seed, target);
    }

    @Override
    public Map<String, Double> runningStatistics(Model model) {
        return method.runningStatistics(model);
    }

    @Override
    public int steps() {
        return method.steps();
    }

    @Override
    public Optional<InnerSettings> inner() {
        return method.inner();
    }

    @Override
    public boolean usesPlainGradientDescent() {
        return method.usesPlainGradientDescent();
    }

    @Override
    public Optional<String> interpolationRateKey() {
        return method.interpolationRateKey();
    }

    @Override
    public Program train(Model model, EpisodeLayout layout) {
        return change.apply(method.train(model, layout));
    }

    @Override
    public Optional<Program> adapt(Model model, EpisodeLayout layout) {
        return method.adapt(model, layout);
    }

    @Override
    public Program evaluate(Model model, EpisodeLayout layout, int count) {
        return method.evaluate(model, layout, count);
    }

    @Override
    public Program predict(Model model, EpisodeLayout layout, int count) {
        return method.predict(model, layout, count);
    }
}
