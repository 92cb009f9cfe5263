package dev.kindling.driver.check.reference;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.Optional;
import java.util.function.Function;

/**
 * A task with its model and the means to run programs on it.
 *
 * @param model network and loss for the task's layout
 * @param layout of the episode; of several tasks for a method that takes tasks in groups
 * @param theta names and shapes of the learned arrays
 * @param episode arrays by name
 * @param key of the task's random numbers
 * @param round that the task belongs to, from 0
 * @param prober creates probes that run programs in double precision
 */
public record TaskContext(
        Model model,
        EpisodeLayout layout,
        Layout theta,
        NamedArrays episode,
        int[] key,
        long round,
        Function<Program, ProgramProbe> prober) {

    /** Passes of the task's model. */
    ModelPasses passes() {
        return passes(model);
    }

    /** Passes of another model on the task's inputs and targets. */
    ModelPasses passes(Model other) {
        Shape target = layout.classification() ? Shape.scalar() : Shape.of(layout.outputs());
        return new ModelPasses(other, layout.features(), target, Optional.of(key), prober);
    }

    /** Passes of a model over other features, without a loss. */
    ModelPasses passes(Model other, Shape features) {
        return new ModelPasses(other, features, Shape.scalar(), Optional.of(key), prober);
    }

    Examples support() {
        return Examples.support(episode, layout);
    }

    Examples query() {
        return Examples.query(episode, layout);
    }

    /** One task of an episode of several. */
    TaskContext single(int index) {
        EpisodeLayout one = layout.single();
        NamedArrays arrays = NamedArrays.empty();
        for (Layout.Entry entry : one.arrays().entries()) {
            int size = entry.shape().size();
            double[] part = new double[size];
            System.arraycopy(episode.get(entry.name()), index * size, part, 0, size);
            arrays = arrays.with(entry.name(), part);
        }
        return new TaskContext(model, one, theta, arrays, key, round, prober);
    }
}
