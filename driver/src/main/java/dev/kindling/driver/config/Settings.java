package dev.kindling.driver.config;

import dev.kindling.driver.aggregator.Clip;
import dev.kindling.driver.aggregator.FailurePolicy;
import dev.kindling.driver.check.reference.ReferenceMethod;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.evaluation.EvaluationSettings;
import dev.kindling.driver.evaluation.GroupEvaluationSettings;
import dev.kindling.driver.evaluation.ValidationSettings;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.driver.plan.PlanSettings;
import dev.kindling.driver.training.CheckpointSettings;
import dev.kindling.driver.training.RunSettings;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.table.TableSettings;
import java.util.Optional;

/**
 * Groups the settings records of all packages that one configuration configures.
 *
 * @param run seed, rounds, meta-batch size, log interval and time limit
 * @param checkpoints how often checkpoints are written, and how many are retained
 * @param source the task source and its settings, with absolute paths
 * @param table how the table of the task source is prepared; empty for other sources
 * @param plan model, method and backend
 * @param reference the step-by-step implementation of the method that {@code check} compares with; empty if it has none
 * @param failures the reaction to failed tasks
 * @param clip limits of the meta-gradient
 * @param optimizer the meta-optimizer and its learning rate
 * @param validation how often θ is validated during training, on which tasks, and when training ends early
 * @param evaluation the tasks and inner steps of the evaluation after training
 * @param groups the evaluation by group, where tasks are groups of a table
 * @param cluster how rounds are distributed to executors
 */
public record Settings(
        RunSettings run,
        CheckpointSettings checkpoints,
        SourceDescription source,
        Optional<TableSettings> table,
        PlanSettings plan,
        Optional<ReferenceMethod> reference,
        FailurePolicy failures,
        Clip clip,
        OptimizerSettings optimizer,
        ValidationSettings validation,
        EvaluationSettings evaluation,
        GroupEvaluationSettings groups,
        ClusterSettings cluster) {
    /** The same settings with another description of the task source. */
    public Settings withSource(SourceDescription description) {
        return with(description, table, plan, validation, evaluation);
    }

    /**
     * The same settings with at most as many tasks of validation and evaluation as the source has. Without an evaluation, the
     * plan's evaluation program is for training tasks, which exist.
     *
     * @throws IllegalArgumentException if all tasks are to be evaluated and the source draws tasks without end
     */
    public Settings limitedTo(TaskSource opened) {
        ValidationSettings limited =
                validation.isOn() ? validation.limitedTo(opened.tasks(Split.VALIDATE)) : validation;
        EvaluationSettings evaluated = evaluation.limitedTo(opened.tasks(evaluation.split()));
        return with(source, table, evaluated.isOn() ? plan : plan(Split.TRAIN), limited, evaluated);
    }

    /** The plan with another split of evaluations. */
    private PlanSettings plan(Split evaluationSplit) {
        return new PlanSettings(
                plan.model(), plan.algorithm(), plan.backend(), plan.evaluationSteps(), evaluationSplit);
    }

    /**
     * The settings of an evaluation on given episodes.
     *
     * @param episodes the source of the episodes
     * @param tasks the number of episodes
     */
    public Settings onFixedEpisodes(SourceDescription episodes, int tasks) {
        EvaluationSettings all = new EvaluationSettings(
                tasks, evaluation.steps(), Split.TEST, evaluation.seed(), EvaluationSettings.Detail.EACH_TASK);
        return with(episodes, Optional.empty(), plan(Split.TEST), validation, all);
    }

    private Settings with(
            SourceDescription description,
            Optional<TableSettings> prepared,
            PlanSettings planned,
            ValidationSettings validated,
            EvaluationSettings evaluated) {
        return new Settings(
                run,
                checkpoints,
                description,
                prepared,
                planned,
                reference,
                failures,
                clip,
                optimizer,
                validated,
                evaluated,
                groups,
                cluster);
    }
}
