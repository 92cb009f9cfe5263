package dev.kindling.driver.evaluation.baseline;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.evaluation.GroupEvaluationSettings.Baseline;
import dev.kindling.driver.evaluation.groups.FittedBaselines;
import dev.kindling.driver.evaluation.groups.QueryPredictor;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.table.TableSource;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of the baselines that need no training run, fitted to the training groups of a table: so few numbers that a model
 * holds them, for evaluations where the training groups are gone.
 *
 * @param groups number of training groups to which they were fitted
 * @param mean target of the training rows, or the frequencies of their classes
 * @param variance of the targets; 0 for classes
 * @param mixed the mixed model; null for more than two classes
 */
public record BaselineParameters(
        int groups,
        double[] mean,
        double variance,
        @Nullable MixedEffects mixed) {
    private static final ObjectMapper JSON =
            new ObjectMapper().enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES);

    /**
     * The parameters of a linear mixed model.
     *
     * @param logistic whether it is that of the logit of the second of two classes
     * @param coefficients fixed effects: the intercept, then one for each feature
     * @param covariance of the random effects, row-major
     * @param noise variance of the residuals
     */
    public record MixedEffects(boolean logistic, double[] coefficients, double[] covariance, double noise) {}

    /**
     * Fits the baselines to all training groups, or to a drawn sample of them.
     *
     * @param seed of the sample
     */
    public static BaselineParameters fit(TableSource source, long seed) {
        return of(TrainingGroups.of(source, seed), List.of(Baseline.MIXED_MODEL));
    }

    /** Fits what the given baselines need. */
    static BaselineParameters of(TrainingGroups training, List<Baseline> baselines) {
        boolean mixes =
                baselines.contains(Baseline.MIXED_MODEL) && training.classes() <= MixedModelBaseline.MOST_CLASSES;
        double[] mean = training.mean();
        return new BaselineParameters(
                training.groups().size(),
                mean,
                training.classes() == 0 ? training.variance(mean[0]) : 0,
                mixes ? MixedModelBaseline.fit(training) : null);
    }

    /**
     * The given baselines as predictors.
     *
     * @param pooled trains the baseline {@link Baseline#POOLED_NETWORK}, which is left out with a note where that is not possible
     */
    public FittedBaselines predictors(List<Baseline> baselines, Optional<Supplier<QueryPredictor>> pooled) {
        List<QueryPredictor> predictors = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        MixedEffects effects = mixed;
        for (Baseline baseline : baselines) {
            switch (baseline) {
                case MEAN -> predictors.add(new MeanBaseline(mean, variance));
                case OWN_RIDGE -> predictors.add(new OwnRidgeBaseline(mean));
                case MIXED_MODEL -> {
                    if (effects == null) {
                        notes.add("the mixed model is left out: the label has " + mean.length
                                + " classes, and it predicts two at most");
                    } else {
                        predictors.add(new MixedModelBaseline(effects));
                    }
                }
                case POOLED_NETWORK ->
                    pooled.ifPresentOrElse(
                            train -> predictors.add(train.get()),
                            () -> notes.add(
                                    "the pooled network is left out: it is trained on the training groups, which a "
                                            + "model does not hold"));
            }
        }
        return new FittedBaselines(predictors, groups, notes);
    }

    /** The parameters as JSON. */
    public byte[] json() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("baselines cannot be written as JSON", e);
        }
    }

    /**
     * Reads what {@link #json} has written.
     *
     * @throws BadDataException if it is damaged
     */
    public static BaselineParameters read(byte[] json, String place) {
        try {
            return JSON.readValue(new String(json, StandardCharsets.UTF_8), BaselineParameters.class);
        } catch (JsonProcessingException e) {
            throw new BadDataException(place + " is damaged: " + e.getOriginalMessage(), e);
        }
    }
}
