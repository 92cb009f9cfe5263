package dev.kindling.driver.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class StatisticsTest {
    private static final double NAN = Double.NaN;

    @Test
    void knownSampleHasTextbookInterval() {
        // n = 5, mean 3, s = sqrt(2.5); t(0.975, 4) = 2.776445105 from printed tables.
        Statistics statistics =
                Statistics.of(new double[] {1, 2, 3, 4, 5}, new double[] {5, 5, 2, 5, 5}, Statistics.Better.LOWER);
        assertThat(statistics.mean()).isEqualTo(3);
        assertThat(statistics.median()).isEqualTo(3);
        assertThat(statistics.ci95()).isEqualTo(2.776445105 * Math.sqrt(2.5 / 5), within(1e-8));
        assertThat(statistics.diverged()).isZero();
        assertThat(statistics.worsened()).isEqualTo(1);
    }

    @Test
    void divergedTaskIsLeftOutOfTheMeanButInfiniteInTheMedian() {
        double[] before = {1, 1, 1, 1};
        Statistics statistics =
                Statistics.of(new double[] {2, NAN, 4, Double.NEGATIVE_INFINITY}, before, Statistics.Better.LOWER);
        assertThat(statistics.mean()).isEqualTo(3);
        assertThat(statistics.median()).isInfinite();
        assertThat(statistics.diverged()).isEqualTo(2);
        assertThat(statistics.worsened()).isEqualTo(4);
    }

    @Test
    void medianOfAnEvenCountIsBetweenTheMiddleTwo() {
        double[] measures = {4, 1, NAN, 2};
        assertThat(Statistics.of(measures, measures, Statistics.Better.LOWER).median())
                .isEqualTo(3);
    }

    @Test
    void lowerAccuracyIsWorse() {
        double[] before = {0.2, 0.2, 0.2};
        assertThat(Statistics.of(new double[] {0.1, 0.2, 0.9}, before, Statistics.Better.HIGHER)
                        .worsened())
                .isEqualTo(1);
    }

    @Test
    void oneTaskHasNoInterval() {
        double[] one = {1};
        assertThat(Statistics.of(one, one, Statistics.Better.LOWER).ci95()).isNaN();
    }
}
