package dev.kindling.driver.checkpoint;

import dev.kindling.driver.storage.Tensors;
import java.util.Optional;

/**
 * All that a run needs to go on, as a folder of {@code checkpoints/} holds it.
 *
 * @param manifest its rounds are those done
 * @param progress the numbers beside the arrays
 * @param theta θ by name
 * @param optimizer the meta-optimizer's moments by name, each as long as θ
 * @param best the θ of the best validation; empty where none was made
 */
public record Checkpoint(
        Manifest manifest, TrainingProgress progress, Tensors theta, Tensors optimizer, Optional<Tensors> best) {}
