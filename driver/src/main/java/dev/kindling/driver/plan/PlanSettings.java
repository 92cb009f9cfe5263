package dev.kindling.driver.plan;

import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.task.Split;

/**
 * The settings of a {@link TrainingPlan}.
 *
 * @param model network and initialiser
 * @param algorithm the configured method
 * @param backend that runs the programs
 * @param evaluationSteps number of inner steps of an evaluation
 * @param evaluationSplit the split that an evaluation samples
 */
public record PlanSettings(
        ModelSettings model,
        Algorithm algorithm,
        BackendSettings backend,
        int evaluationSteps,
        Split evaluationSplit) {}
