package dev.kindling.driver.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.report.ChartAxis.Scale;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class ChartAxisTest {
    @Test
    void ticksAreRoundNumbersWithinTheAxis() {
        assertThat(ChartAxis.over(DoubleStream.of(0, 10), Scale.LINEAR, 0, 0, 100)
                        .ticks())
                .containsExactly(0.0, 2.0, 4.0, 6.0, 8.0, 10.0);
        assertThat(ChartAxis.over(DoubleStream.of(0.013, 4.7), Scale.LOGARITHMIC, 0, 0, 100)
                        .ticks())
                .usingComparatorForType((a, b) -> Math.abs(a - b) < 1e-9 ? 0 : Double.compare(a, b), Double.class)
                .isEqualTo(List.of(0.03, 0.1, 0.3, 1.0, 3.0));
    }

    @Test
    void everyOrderOfMagnitudeHasTheSameLengthOnALogarithmicAxis() {
        ChartAxis axis = ChartAxis.over(DoubleStream.of(0.01, 100), Scale.LOGARITHMIC, 0, 200, 0);
        assertThat(axis.at(0.01)).isEqualTo(200, within(1e-9));
        assertThat(axis.at(0.1)).isEqualTo(150, within(1e-9));
        assertThat(axis.at(1)).isEqualTo(100, within(1e-9));
        assertThat(axis.at(0))
                .as("a value that is not above 0 is at the lower end")
                .isEqualTo(200, within(1e-9));
    }

    @Test
    void valuesThatAreNotFiniteAreIgnored() {
        ChartAxis axis =
                ChartAxis.over(DoubleStream.of(1, Double.NaN, Double.POSITIVE_INFINITY, 3), Scale.LINEAR, 0, 0, 10);
        assertThat(axis.at(2)).isEqualTo(5);
        assertThat(ChartAxis.over(DoubleStream.empty(), Scale.LOGARITHMIC, 0.1, 0, 10)
                        .ticks())
                .isNotEmpty();
        assertThat(ChartAxis.over(DoubleStream.of(7, 7), Scale.LINEAR, 0.1, 0, 10)
                        .at(7))
                .isEqualTo(5, within(1e-9));
    }

    @Test
    void positiveValuesFarApartGetALogarithmicScale() {
        assertThat(ChartAxis.scaleFor(DoubleStream.of(0.1, 5))).isEqualTo(Scale.LOGARITHMIC);
        assertThat(ChartAxis.scaleFor(DoubleStream.of(1, 5))).isEqualTo(Scale.LINEAR);
        assertThat(ChartAxis.scaleFor(DoubleStream.of(0, 500))).isEqualTo(Scale.LINEAR);
    }
}
