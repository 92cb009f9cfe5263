package dev.kindling.driver.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.task.EpisodeSizes;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.task.TaskSources;
import dev.kindling.job.task.sinusoid.SinusoidSettings;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

final class MeanPredictorBaselineTest {
    private static final EpisodeSizes SIZES = new EpisodeSizes(10, 10, 10, 100);

    private static TaskSource sinusoids(String key, String value) {
        SortedMap<String, String> settings = SinusoidSettings.maml(SIZES).toMap();
        settings.put(key, value);
        return TaskSources.open(new SourceDescription("sinusoid", settings), new Configuration(false));
    }

    private static EvaluationSettings of(Split split) {
        return new EvaluationSettings(2000, 0, split, 7, EvaluationSettings.Detail.EACH_TASK);
    }

    /**
     * y = A sin(x - phase) has the mean E[A] (2/π) (-cos x) over phases of [0, π], and the variance
     * E[A²]/2 - (that)² at each x; over the 100 query inputs the mean of cos² is that of the grid.
     */
    @Test
    void theErrorIsTheVarianceOfTheTasks() {
        PerTaskResults results = MeanPredictorBaseline.table(sinusoids("sinusoid.pool", "0"), of(Split.TEST))
                .orElseThrow();
        double square = (Math.pow(5, 3) - Math.pow(0.1, 3)) / (3 * 4.9);
        double cosines = IntStream.range(0, 100)
                .mapToDouble(i -> Math.pow(Math.cos(-5 + 10 * i / 99.0), 2))
                .average()
                .orElseThrow();
        double expected = square / 2 - Math.pow(2.55 * 2 / Math.PI, 2) * cosines;
        double[] errors = results.column("loss", 0);

        assertThat(results.steps()).isEqualTo(1);
        assertThat(errors).hasSize(2000);
        // Three standard errors of 2,000 tasks, whose errors spread by about 2.5.
        assertThat(Arrays.stream(errors).average().orElseThrow()).isCloseTo(expected, within(0.17));
    }

    @Test
    void tasksWithDifferentQueryInputsHaveNoBaseline() {
        assertThat(MeanPredictorBaseline.table(sinusoids("sinusoid.pool", "0"), of(Split.TRAIN)))
                .isEmpty();
        assertThat(MeanPredictorBaseline.table(sinusoids("sinusoid.oracle", "true"), of(Split.TEST)))
                .isEmpty();
    }

    @Test
    void aPoolOfTestTasksIsNotItsOwnMean() {
        PerTaskResults one = MeanPredictorBaseline.table(sinusoids("sinusoid.pool", "1"), of(Split.TEST))
                .orElseThrow();

        assertThat(one.loss(0, 0)).isGreaterThan(0.01);
        assertThat(one.loss(1999, 0)).isEqualTo(one.loss(0, 0));
    }
}
