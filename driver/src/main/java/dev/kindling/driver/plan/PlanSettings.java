package dev.kindling.driver.plan;

import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.task.Split;

/**
 * What a plan is made from.
 *
 * @param model network and initialiser
 * @param algorithm the method, configured
 * @param backend that computes
 * @param evaluationSteps inner steps of an evaluation
 * @param evaluationSplit which tasks an evaluation draws
 */
public record PlanSettings(
        ModelSettings model,
        Algorithm algorithm,
        BackendSettings backend,
        int evaluationSteps,
        Split evaluationSplit) {}
