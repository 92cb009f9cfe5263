package dev.kindling.driver.evaluation;

import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.Optional;

/**
 * A baseline that ignores the support set: at each query input it predicts the mean target of other tasks of the same source.
 * This is the smallest expected error before adaptation, for a method that starts all tasks from the same prediction.
 */
public final class MeanPredictorBaseline {
    /** Name of the entrant in a comparison. */
    public static final String NAME = "mean-task";

    /** Number of other tasks over which the mean is taken. */
    private static final int OTHERS = 10_000;

    private static final String WORKER = "local";

    private final TaskSource source;
    private final EvaluationSettings evaluation;
    private final EpisodeLayout layout;
    private final FlatVector episode;
    private final double[] queryInputs;
    private final double[] mean;

    private MeanPredictorBaseline(TaskSource source, EvaluationSettings evaluation, EpisodeLayout layout) {
        this.source = source;
        this.evaluation = evaluation;
        this.layout = layout;
        this.episode = FlatVector.zeros(Precision.DOUBLE, layout.arrays().size());
        source.materialise(evaluated().range(0, 0, 1).get(0), episode, 0);
        this.queryInputs = array(EpisodeLayout.QUERY_X);
        this.mean = new double[layout.arrays().shape(EpisodeLayout.QUERY_Y).size()];
    }

    /**
     * The mean squared error of each evaluated task, as for a method without inner steps; empty if the tasks are
     * classifications, have several layouts, or do not all have the same query inputs.
     */
    public static Optional<PerTaskResults> table(TaskSource source, EvaluationSettings evaluation) {
        EpisodeLayout layout = source.layout(evaluation.split());
        if (layout.classification()
                || layout.weighted()
                || source.layouts(evaluation.split()).size() > 1
                || !source.layout(others(evaluation.split())).equals(layout)) {
            return Optional.empty();
        }
        MeanPredictorBaseline baseline = new MeanPredictorBaseline(source, evaluation, layout);
        return baseline.computeMean() ? baseline.errors() : Optional.empty();
    }

    /** A split with the same query inputs that has no evaluated task. */
    private static Split others(Split split) {
        return split == Split.TEST ? Split.VALIDATE : Split.TEST;
    }

    private Sampler evaluated() {
        return new Sampler(source, evaluation.seed(), evaluation.split());
    }

    private boolean computeMean() {
        Sampler others = new Sampler(source, evaluation.seed(), others(evaluation.split()));
        for (TaskSpec spec : others.range(0, 0, OTHERS)) {
            if (!materialise(spec)) {
                return false;
            }
            double[] targets = array(EpisodeLayout.QUERY_Y);
            Arrays.setAll(mean, i -> mean[i] + targets[i] / OTHERS);
        }
        return true;
    }

    private Optional<PerTaskResults> errors() {
        Layout measures = Layout.builder().add(Measure.LOSS.key(), Shape.of(1)).build();
        PerTaskResults results = new PerTaskResults(evaluation.tasks(), measures);
        for (TaskSpec spec : evaluated().range(0, 0, evaluation.tasks())) {
            long begin = System.nanoTime();
            if (!materialise(spec)) {
                return Optional.empty();
            }
            double[] error = {error(array(EpisodeLayout.QUERY_Y))};
            results.put(spec.index(), error, new long[] {System.nanoTime() - begin}, new String[] {WORKER});
        }
        return Optional.of(results);
    }

    private double error(double[] targets) {
        double sum = 0;
        for (int i = 0; i < targets.length; i++) {
            sum += (targets[i] - mean[i]) * (targets[i] - mean[i]);
        }
        return sum / targets.length;
    }

    /** Materialises a task; returns whether it has the same query inputs as the others. */
    private boolean materialise(TaskSpec spec) {
        source.materialise(spec, episode, 0);
        return Arrays.equals(array(EpisodeLayout.QUERY_X), queryInputs);
    }

    private double[] array(String name) {
        int offset = layout.arrays().offset(name);
        double[] numbers = new double[layout.arrays().shape(name).size()];
        Arrays.setAll(numbers, i -> episode.at(offset + i));
        return numbers;
    }
}
