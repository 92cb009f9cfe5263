package dev.kindling.driver.plan;

import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.program.Program;
import dev.kindling.job.protocol.ProgramVariants;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.Layout;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * The models of a plan: one for each task layout, all with the same θ. A model has as many outputs as its tasks need; if θ
 * depends on that number, as with a trained output layer, all tasks must have the same.
 */
final class ModelsByLayout {
    private final PlanSettings settings;
    private final Algorithm algorithm;
    private final TaskSource source;
    private final Model main;
    private final Layout theta;
    private final Map<EpisodeLayout, Model> models = new HashMap<>();

    /** Models for the tasks of a source; the main one is for its largest training tasks. */
    ModelsByLayout(PlanSettings settings, Algorithm algorithm, TaskSource source) {
        this.settings = settings;
        this.algorithm = algorithm;
        this.source = source;
        EpisodeLayout layout = source.layout(Split.TRAIN);
        this.main = ModelFactory.of(settings.model(), layout);
        this.theta = algorithm.parameters(main);
        models.put(layout, main);
    }

    Model main() {
        return main;
    }

    /** The arrays of θ. */
    Layout theta() {
        return theta;
    }

    /**
     * The model for one task layout.
     *
     * @throws IllegalArgumentException if its θ has other arrays than the main model's
     */
    synchronized Model of(EpisodeLayout layout) {
        return models.computeIfAbsent(layout, this::make);
    }

    private Model make(EpisodeLayout layout) {
        Model model = ModelFactory.of(settings.model(), layout);
        Layout other = algorithm.parameters(model);
        if (!other.equals(theta)) {
            throw new IllegalArgumentException(source.outputs()
                    + "; it must be one number, the same in training and evaluation, for "
                    + settings.model().network() + " with " + algorithm.name()
                    + " learns an output layer of that width: "
                    + difference(other) + "; a method that makes its head from the support set takes any");
        }
        return model;
    }

    private String difference(Layout other) {
        return theta.entries().stream()
                .filter(entry ->
                        !other.has(entry.name()) || !other.shape(entry.name()).equals(entry.shape()))
                .findFirst()
                .map(entry -> entry.name() + " would be " + entry.shape() + " for one task and "
                        + (other.has(entry.name()) ? other.shape(entry.name()) : "missing") + " for another")
                .orElse(theta + " would be " + other);
    }

    /**
     * A program for each task layout of a split.
     *
     * @param members number of members of whose arrays it takes one's; 1 for a program of the whole θ
     */
    ProgramVariants programs(Split split, BiFunction<Model, EpisodeLayout, Program> program, int members) {
        List<EpisodeLayout> layouts = source.layouts(split);
        return new ProgramVariants(
                layouts.stream()
                        .map(layout -> program.apply(of(layout), layout))
                        .toList(),
                members);
    }
}
