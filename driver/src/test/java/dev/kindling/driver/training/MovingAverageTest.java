package dev.kindling.driver.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.metrics.MetricsWriter;
import dev.kindling.driver.metrics.TrackingSettings;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MovingAverageTest {
    private static FlatVector vector(double value) {
        return FlatVector.of(Precision.DOUBLE, value);
    }

    @Test
    void theFirstRoundsHaveASmallerDecay() {
        MovingAverage average = new MovingAverage(0.25, vector(8));
        average.add(0, vector(1));
        assertThat(average.value().at(0)).isCloseTo(0.1 * 8 + 0.9 * 1, within(1e-15));
        average.add(1, vector(5));
        assertThat(average.value().at(0)).isCloseTo(2.0 / 11 * 1.7 + 9.0 / 11 * 5, within(1e-15));
        double before = average.value().at(0);
        average.add(2, vector(3));
        assertThat(average.value().at(0))
                .as("3 / 12 is the decay itself")
                .isCloseTo(before / 4 + 0.75 * 3, within(1e-15));
        before = average.value().at(0);
        average.add(3, vector(7));
        assertThat(average.value().at(0)).isCloseTo(before / 4 + 0.75 * 7, within(1e-15));
    }

    @Test
    void aDecayNearOneAveragesTheLatestRoundsAtFirst() {
        MovingAverage average = new MovingAverage(0.9999, vector(1e6));
        for (int round = 0; round < 1000; round++) {
            average.add(round, vector(round < 500 ? -1 : 1));
        }
        assertThat(average.value().at(0)).as("without the initial value").isCloseTo(1, within(0.01));
    }

    @Test
    void aDecayOfZeroHasNoAverage() {
        assertThat(MovingAverage.of(0, vector(1))).isEmpty();
        assertThat(MovingAverage.of(0.5, vector(1))).isPresent();
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1, 1.5, Double.NaN})
    void otherDecaysAreRefused(double decay) {
        assertThatThrownBy(() -> new RunSettings(
                        1, 1, 0, MetricsWriter.Files.LINES, TrackingSettings.NONE, 1, 1, Duration.ZERO, 1, 0, decay))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("run.ema-decay is " + decay + "; it must be at least 0 and below 1");
    }
}
