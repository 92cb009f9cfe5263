package dev.kindling.job.model;

import dev.kindling.job.task.EpisodeLayout;
import java.util.List;

/**
 * A user-defined network, found by {@link java.util.ServiceLoader} and selected by its name in {@code model.network}. Used on
 * the driver only; executors get programs.
 */
public interface NetworkProvider {
    /** The value of {@code model.network} that selects this network. */
    String name();

    /**
     * The layers in order, the output layer included. Their weights are initialised fan-in-uniform unless
     * {@code model.initializer} is set.
     *
     * @param layout the shapes of the tasks: inputs, and {@link EpisodeLayout#outputs} of the last layer
     * @throws IllegalArgumentException if the network does not accept such tasks
     */
    List<Layer> layers(EpisodeLayout layout);
}
