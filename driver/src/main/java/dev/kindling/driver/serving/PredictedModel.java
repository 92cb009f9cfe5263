package dev.kindling.driver.serving;

import dev.kindling.driver.plan.PlanSettings;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;

/**
 * What determines the predictions of a trained model.
 *
 * @param settings the model, the method and the backend
 * @param parameters the arrays of θ
 * @param theta not copied, must not change
 * @param template the shapes of a task; its numbers of examples do not matter
 * @param steps inner steps of an adaptation; methods without inner steps ignore it
 */
public record PredictedModel(
        PlanSettings settings, Layout parameters, FlatVector theta, EpisodeLayout template, int steps) {}
