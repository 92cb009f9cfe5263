package dev.kindling.driver.evaluation;

import dev.kindling.driver.metrics.LossWindow;
import dev.kindling.driver.metrics.TrainingCost;
import java.util.List;

/**
 * What a comparison says of an entrant beside its scores.
 *
 * @param origin the job that trained it, or the run it was taken from
 * @param algorithm its method
 * @param batchNorm whose statistics batch norm used in its evaluation
 * @param order as {@link Protocol#order}
 * @param numbers of θ
 * @param bytes of θ
 * @param runs one for each seed; none for what is not trained
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
     * One training.
     *
     * @param folder of the run, relative to the comparison's where it lies there
     * @param windows its losses over rounds
     */
    public record Run(long seed, String folder, TrainingCost cost, List<LossWindow> windows) {
        public Run {
            windows = List.copyOf(windows);
        }
    }

    /** A baseline that has no θ and no runs. */
    public static EntrantSummary untrained(String name) {
        return new EntrantSummary(name, "baseline", name, "none", 0, 0, 0, List.of());
    }

    public EntrantSummary {
        runs = List.copyOf(runs);
    }
}
