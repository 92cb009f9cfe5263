package dev.kindling.driver.checkpoint;

import dev.kindling.driver.storage.Tensors;
import java.util.Optional;

/**
 * A checkpoint: everything that resuming a run needs, one directory of {@code checkpoints/}.
 *
 * @param manifest with the number of rounds done
 * @param progress of the run, apart from its round and its arrays
 * @param theta the arrays of θ by name
 * @param optimizer the meta-optimizer's moments by name, each as long as θ
 * @param best the arrays of the best θ by validation; empty before the first validation
 * @param average the arrays of the moving average of θ; empty for a run without one
 */
public record Checkpoint(
        Manifest manifest,
        TrainingProgress progress,
        Tensors theta,
        Tensors optimizer,
        Optional<Tensors> best,
        Optional<Tensors> average) {}
