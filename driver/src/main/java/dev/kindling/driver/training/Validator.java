package dev.kindling.driver.training;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.evaluation.Evaluator;
import dev.kindling.driver.evaluation.ValidationSettings;
import dev.kindling.job.tensor.FlatVector;

/**
 * Looks at θ now and then, through the cluster that trains it.
 *
 * @param settings when, and how long to wait for a better θ
 * @param evaluator on the validation split
 */
public record Validator(ValidationSettings settings, Evaluator evaluator) {
    Validation validate(long round, Cluster cluster, FlatVector theta) {
        return Validation.of(round, evaluator.evaluate(cluster, theta));
    }
}
