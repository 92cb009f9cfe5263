package dev.kindling.driver.evaluation.groups;

import java.util.List;

/**
 * Baselines that have been fitted to training groups.
 *
 * @param predictors one for each baseline
 * @param trainingGroups number of groups to which they were fitted
 * @param notes why a baseline is left out, a sentence each
 */
public record FittedBaselines(List<QueryPredictor> predictors, int trainingGroups, List<String> notes) {
    public FittedBaselines {
        predictors = List.copyOf(predictors);
        notes = List.copyOf(notes);
    }
}
