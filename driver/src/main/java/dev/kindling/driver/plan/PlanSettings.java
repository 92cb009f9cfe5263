package dev.kindling.driver.plan;

import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.task.Purpose;

/**
 * What a plan is made from.
 *
 * @param model network and initialiser
 * @param algorithm name of the method
 * @param inner its inner loop
 * @param backend that computes
 * @param evaluationSteps inner steps of an evaluation
 * @param evaluationSplit which tasks an evaluation draws
 */
public record PlanSettings(
        ModelSettings model,
        String algorithm,
        InnerSettings inner,
        BackendSettings backend,
        int evaluationSteps,
        Purpose evaluationSplit) {}
