package dev.kindling.driver.config;

import dev.kindling.driver.aggregator.Clip;
import dev.kindling.driver.aggregator.FailurePolicy;
import dev.kindling.driver.check.reference.ReferenceMethod;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.evaluation.ValidationSettings;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.driver.plan.PlanSettings;
import dev.kindling.driver.training.CheckpointSettings;
import dev.kindling.driver.training.RunSettings;
import dev.kindling.job.task.SourceDescription;
import java.util.Optional;

/**
 * A whole configuration as the settings of the rooms it configures.
 *
 * @param run how long, and what is written on the way
 * @param checkpoints when the run writes down where it stands
 * @param source where tasks come from, paths made absolute
 * @param plan model, method and backend
 * @param reference the method as {@code check} computes it step by step, where it does
 * @param failures what failed tasks mean
 * @param clip how long a meta-gradient may be
 * @param optimizer the meta-optimizer and its rate
 * @param validation how θ is looked at on the way
 * @param evaluation what is adapted to at the end
 * @param cluster how rounds reach executors
 */
public record Settings(
        RunSettings run,
        CheckpointSettings checkpoints,
        SourceDescription source,
        PlanSettings plan,
        Optional<ReferenceMethod> reference,
        FailurePolicy failures,
        Clip clip,
        OptimizerSettings optimizer,
        ValidationSettings validation,
        EvaluationSettings evaluation,
        ClusterSettings cluster) {}
