package dev.kindling.driver.evaluation.baseline;

import dev.kindling.driver.evaluation.GroupEvaluationSettings.Baseline;
import dev.kindling.driver.evaluation.groups.FittedBaselines;
import dev.kindling.driver.evaluation.groups.QueryPredictor;
import dev.kindling.job.task.table.TableSource;
import java.util.ArrayList;
import java.util.List;
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
        TrainingGroups training = TrainingGroups.of(source, seed);
        List<QueryPredictor> predictors = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        for (Baseline baseline : baselines) {
            switch (baseline) {
                case MEAN -> predictors.add(new MeanBaseline(training));
                case OWN_RIDGE -> predictors.add(new OwnRidgeBaseline(training));
                case MIXED_MODEL -> {
                    if (training.classes() > MixedModelBaseline.MOST_CLASSES) {
                        notes.add("the mixed model is left out: the label has " + training.classes()
                                + " classes, and it predicts two at most");
                    } else {
                        predictors.add(MixedModelBaseline.fit(training));
                    }
                }
                case POOLED_NETWORK -> predictors.add(pooled.get());
            }
        }
        return new FittedBaselines(predictors, training.groups().size(), notes);
    }
}
