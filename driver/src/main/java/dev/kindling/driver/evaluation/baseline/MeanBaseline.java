package dev.kindling.driver.evaluation.baseline;

import dev.kindling.driver.evaluation.GroupEvaluationSettings.Baseline;
import dev.kindling.driver.evaluation.groups.QueryPredictions;
import dev.kindling.driver.evaluation.groups.QueryPredictor;
import dev.kindling.driver.evaluation.groups.QueryTask;
import java.util.Arrays;
import java.util.List;

/**
 * Predicts the mean target of the training rows with their variance, or the frequencies of their classes. It ignores support
 * rows.
 */
final class MeanBaseline implements QueryPredictor {
    private final double[] mean;
    private final double variance;
    private final boolean variances;

    /**
     * A baseline.
     *
     * @param mean target of the training rows, or the frequencies of their classes
     * @param variance of the targets; of no meaning for classes
     */
    MeanBaseline(double[] mean, double variance) {
        this.mean = mean;
        this.variances = mean.length == 1;
        this.variance = variance;
    }

    @Override
    public String name() {
        return Baseline.MEAN.title();
    }

    @Override
    public boolean predictsVariances() {
        return variances;
    }

    @Override
    public QueryPredictions predict(List<QueryTask> tasks) {
        QueryPredictions predictions = QueryPredictions.empty(tasks, mean.length, variances);
        for (int i = 0; i < predictions.outputs().length; i++) {
            predictions.outputs()[i] = (float) mean[i % mean.length];
        }
        Arrays.fill(predictions.variances(), (float) variance);
        return predictions;
    }
}
