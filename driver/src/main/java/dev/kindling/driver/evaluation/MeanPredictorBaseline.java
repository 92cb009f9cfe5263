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
 * The baseline that can tell no task from another: it predicts, wherever a task is asked, the mean of what other tasks of the
 * kind are there. Before its first step no method that knows nothing of a task can expect to be better.
 */
public final class MeanPredictorBaseline {
    /** What a comparison calls it. */
    public static final String NAME = "mean-task";

    /** Other tasks of which the mean is taken. */
    private static final int OTHERS = 10_000;

    private static final String WORKER = "local";

    private final TaskSource source;
    private final EvaluationSettings evaluation;
    private final EpisodeLayout layout;
    private final FlatVector episode;
    private final double[] places;
    private final double[] mean;

    private MeanPredictorBaseline(TaskSource source, EvaluationSettings evaluation, EpisodeLayout layout) {
        this.source = source;
        this.evaluation = evaluation;
        this.layout = layout;
        this.episode = FlatVector.zeros(Precision.DOUBLE, layout.arrays().size());
        source.materialise(test().range(0, 0, 1).get(0), episode, 0);
        this.places = array(EpisodeLayout.QUERY_X);
        this.mean = new double[layout.arrays().shape(EpisodeLayout.QUERY_Y).size()];
    }

    /**
     * The mean squared error of each test task, as an evaluation without inner steps would have it; empty where tasks have
     * classes or several shapes, or are not all asked at the same inputs.
     */
    public static Optional<PerTaskResults> table(TaskSource source, EvaluationSettings evaluation) {
        EpisodeLayout layout = source.layout(evaluation.split());
        if (layout.classification()
                || source.layouts(evaluation.split()).size() > 1
                || !source.layout(others(evaluation.split())).equals(layout)) {
            return Optional.empty();
        }
        MeanPredictorBaseline task = new MeanPredictorBaseline(source, evaluation, layout);
        return task.takeMean() ? task.errors() : Optional.empty();
    }

    /** The tasks of another split are asked at the same places, and none of them is a test task. */
    private static Split others(Split split) {
        return split == Split.TEST ? Split.VALIDATE : Split.TEST;
    }

    private Sampler test() {
        return new Sampler(source, evaluation.seed(), evaluation.split());
    }

    private boolean takeMean() {
        Sampler others = new Sampler(source, evaluation.seed(), others(evaluation.split()));
        for (TaskSpec spec : others.range(0, 0, OTHERS)) {
            if (!takes(spec)) {
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
        for (TaskSpec spec : test().range(0, 0, evaluation.tasks())) {
            long begin = System.nanoTime();
            if (!takes(spec)) {
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

    /** Makes a task real; says whether it is asked where the others are. */
    private boolean takes(TaskSpec spec) {
        source.materialise(spec, episode, 0);
        return Arrays.equals(array(EpisodeLayout.QUERY_X), places);
    }

    private double[] array(String name) {
        int offset = layout.arrays().offset(name);
        double[] numbers = new double[layout.arrays().shape(name).size()];
        Arrays.setAll(numbers, i -> episode.at(offset + i));
        return numbers;
    }
}
