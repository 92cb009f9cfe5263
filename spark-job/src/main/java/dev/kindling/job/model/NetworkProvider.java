package dev.kindling.job.model;

import dev.kindling.job.task.EpisodeLayout;
import java.util.List;

/**
 * A network of a user's own, found by {@link java.util.ServiceLoader}: {@code model.network} is its name. Used on the driver
 * alone; executors get programs.
 */
public interface NetworkProvider {
    /** The value of {@code model.network} that means this network. */
    String name();

    /**
     * The layers in order, the output layer included. Their weights begin fan-in-uniform unless {@code model.initializer} says
     * otherwise.
     *
     * @param layout the shapes of the tasks: inputs, and {@link EpisodeLayout#outputs} of the last layer
     * @throws IllegalArgumentException if the network cannot serve such tasks
     */
    List<Layer> layers(EpisodeLayout layout);
}
