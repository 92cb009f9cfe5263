package dev.kindling.driver.training;

import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.Evaluator;
import dev.kindling.driver.evaluation.Statistics;
import dev.kindling.driver.evaluation.ValidationSettings;
import dev.kindling.job.tensor.EnsembleLayout;
import dev.kindling.job.tensor.FlatVector;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Evaluates θ on the validation split during training, on the cluster that trains it.
 *
 * @param settings when to validate, and after how many validations without improvement training ends
 * @param evaluators on the validation split: one for each member of an ensemble, whose tasks may differ
 */
public record Validator(ValidationSettings settings, List<Evaluator> evaluators) {
    /** The scores of each member. */
    List<Validation> validate(long round, Cluster cluster, FlatVector theta) {
        List<Validation> found = new ArrayList<>();
        for (int member = 0; member < evaluators.size(); member++) {
            FlatVector part = evaluators.size() == 1 ? theta : EnsembleLayout.part(theta, member, evaluators.size());
            found.add(
                    validation(round, settings.measure(), evaluators.get(member).evaluate(cluster, part)));
        }
        return found;
    }

    /** The mean scores of all members. */
    static Validation mean(List<Validation> members) {
        return new Validation(
                members.get(0).round(),
                members.stream().mapToDouble(Validation::loss).sum() / members.size(),
                members.get(0).accuracy().isPresent()
                        ? OptionalDouble.of(members.stream()
                                        .mapToDouble(each -> each.accuracy().orElseThrow())
                                        .sum()
                                / members.size())
                        : OptionalDouble.empty(),
                members.stream().mapToInt(Validation::diverged).sum());
    }

    private static Validation validation(long round, Validation.Measure measure, Evaluation evaluation) {
        List<Evaluation.Step> steps = evaluation.steps();
        Evaluation.Step last = steps.get(steps.size() - 1);
        OptionalDouble accuracy =
                last.accuracy().stream().mapToDouble(Statistics::mean).findFirst();
        double loss = measure == Validation.Measure.LOSS_OVER_ROWS
                ? last.lossOverRows().orElse(last.loss().mean())
                : last.loss().mean();
        return new Validation(round, loss, accuracy, last.loss().diverged());
    }
}
