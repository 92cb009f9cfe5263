package dev.kindling.driver.evaluation;

import dev.kindling.driver.metrics.LossWindow;
import dev.kindling.driver.metrics.TrainingCost;
import java.util.List;

/**
 * The description of an entrant of a comparison, apart from its scores.
 *
 * @param origin the job that trained it, or the run that it was taken from
 * @param algorithm name of its method
 * @param batchNorm the mode of batch norm in its evaluation
 * @param order as in {@link Protocol#order}
 * @param numbers parameter count
 * @param bytes size of θ in bytes
 * @param runs one for each seed; none for an entrant that is not trained
 */
public record EntrantSummary(
        String name,
        String origin,
        String algorithm,
        String batchNorm,
        int order,
        int numbers,
        long bytes,
        List<Run> runs) {
    /**
     * One training run.
     *
     * @param folder of the run, relative to the comparison's folder if it is inside it
     * @param windows mean and variance of its query loss over windows of rounds
     */
    public record Run(long seed, String folder, TrainingCost cost, List<LossWindow> windows) {
        public Run {
            windows = List.copyOf(windows);
        }
    }

    /** A baseline without parameters and runs. */
    public static EntrantSummary untrained(String name) {
        return new EntrantSummary(name, "baseline", name, "none", 0, 0, 0, List.of());
    }

    public EntrantSummary {
        runs = List.copyOf(runs);
    }
}
