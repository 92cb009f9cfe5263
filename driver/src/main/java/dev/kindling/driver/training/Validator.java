package dev.kindling.driver.training;

import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.Evaluator;
import dev.kindling.driver.evaluation.Statistics;
import dev.kindling.driver.evaluation.ValidationSettings;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Evaluates θ on the validation split during training, on the cluster that trains it.
 *
 * @param settings when to validate, and after how many validations without improvement training ends
 * @param evaluator on the validation split
 */
public record Validator(ValidationSettings settings, Evaluator evaluator) {
    Validation validate(long round, Cluster cluster, FlatVector theta) {
        List<Evaluation.Step> steps = evaluator.evaluate(cluster, theta).steps();
        Evaluation.Step last = steps.get(steps.size() - 1);
        OptionalDouble accuracy =
                last.accuracy().stream().mapToDouble(Statistics::mean).findFirst();
        return new Validation(round, last.loss().mean(), accuracy, last.loss().diverged());
    }
}
