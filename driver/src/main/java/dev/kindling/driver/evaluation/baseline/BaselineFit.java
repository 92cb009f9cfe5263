package dev.kindling.driver.evaluation.baseline;

import dev.kindling.driver.evaluation.GroupEvaluationSettings.Baseline;
import dev.kindling.driver.evaluation.groups.FittedBaselines;
import dev.kindling.driver.evaluation.groups.QueryPredictor;
import dev.kindling.job.task.table.TableSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Fits baselines to the training groups of a table. */
public final class BaselineFit {
    private BaselineFit() {}

    /**
     * Fits baselines to all training groups, or to a drawn sample of them.
     *
     * @param seed of the sample
     * @param pooled trains the baseline {@link Baseline#POOLED_NETWORK}
     */
    public static FittedBaselines fit(
            TableSource source, long seed, List<Baseline> baselines, Supplier<QueryPredictor> pooled) {
        if (baselines.isEmpty()) {
            return new FittedBaselines(List.of(), 0, List.of());
        }
        return BaselineParameters.of(TrainingGroups.of(source, seed), baselines)
                .predictors(baselines, Optional.of(pooled));
    }
}
