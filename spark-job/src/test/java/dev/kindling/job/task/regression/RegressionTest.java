package dev.kindling.job.task.regression;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class RegressionTest {
    private static final RegressionSettings SETTINGS = new RegressionSettings(new EpisodeSizes(5, 5, 4, 6));

    private static double[] episode(TaskSource source, TaskKey key) {
        FlatVector vector = FlatVector.zeros(
                Precision.DOUBLE, source.layout(key.split()).arrays().size());
        source.materialise(source.sample(key), vector, 0);
        return vector.toDoubles();
    }

    @Test
    void inputsAndTargetsAreIndependentStandardNormalNumbers() {
        TaskSource source = new RegressionSource(SETTINGS);
        double[][] tasks = new double[4000][];
        for (int i = 0; i < tasks.length; i++) {
            tasks[i] = episode(source, new TaskKey(1, Split.TRAIN, 0, i));
        }
        double[] all = Arrays.stream(tasks).flatMapToDouble(Arrays::stream).toArray();
        double bound = 5 / Math.sqrt(all.length);
        assertThat(Arrays.stream(all).average().orElseThrow()).isCloseTo(0, within(bound));
        assertThat(Arrays.stream(all).map(x -> x * x).average().orElseThrow()).isCloseTo(1, within(bound * 1.5));
        assertThat(Arrays.stream(all).filter(x -> Math.abs(x) < 1).count() / (double) all.length)
                .isCloseTo(0.6827, within(bound));
        double correlation = Arrays.stream(tasks)
                .mapToDouble(task -> task[0] * task[5])
                .average()
                .orElseThrow();
        assertThat(correlation).isCloseTo(0, within(5 / Math.sqrt(tasks.length)));
    }
}
