package dev.kindling.driver.check.reference;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.Optional;
import java.util.function.Function;

/**
 * One task and what computes it.
 *
 * @param model network and loss for tasks of this shape
 * @param layout of the episode; with several tasks for a method that takes them together
 * @param theta the arrays that are learned
 * @param episode arrays by name
 * @param key that random numbers of the task are drawn with
 * @param round that the task belongs to, from 0
 * @param prober runs programs in double
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

    /** Passes of another model that takes the task's inputs and is asked for its loss against the task's targets. */
    ModelPasses passes(Model other) {
        Shape target = layout.classification() ? Shape.scalar() : Shape.of(layout.outputs());
        return new ModelPasses(other, layout.features(), target, Optional.of(key), prober);
    }

    /** Passes of a model over features of its own, without a loss. */
    ModelPasses passes(Model other, Shape features) {
        return new ModelPasses(other, features, Shape.scalar(), Optional.of(key), prober);
    }

    Examples support() {
        return Examples.support(episode, layout);
    }

    Examples query() {
        return Examples.query(episode, layout);
    }

    /** The task that is alone in an episode of several. */
    TaskContext single(int index) {
        EpisodeLayout one = layout.single();
        NamedArrays own = NamedArrays.empty();
        for (Layout.Entry entry : one.arrays().entries()) {
            int size = entry.shape().size();
            double[] part = new double[size];
            System.arraycopy(episode.get(entry.name()), index * size, part, 0, size);
            own = own.with(entry.name(), part);
        }
        return new TaskContext(model, one, theta, own, key, round, prober);
    }
}
