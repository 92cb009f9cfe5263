package dev.kindling.driver.cluster.spark.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ThroughputMeterTest {
    private static final Offset<Double> EXACT = within(1e-9);

    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1000);
    private final ThroughputMeter meter = new ThroughputMeter(clock::get);

    private void afterMillis(long millis, long events) {
        clock.addAndGet(Duration.ofMillis(millis).toNanos());
        meter.count(events);
    }

    private double afterMillis(long millis) {
        clock.addAndGet(Duration.ofMillis(millis).toNanos());
        return meter.perSecond();
    }

    @Test
    void thereIsNoneBeforeAnythingHappened() {
        assertThat(meter.perSecond()).isZero();
        assertThat(afterMillis(500)).isZero();
    }

    @Test
    void quickRoundsAreCountedOverTwoSeconds() {
        for (int round = 0; round < 300; round++) {
            afterMillis(10, 25);
        }
        assertThat(meter.perSecond()).isCloseTo(2500, EXACT);
    }

    @Test
    void slowRoundsKeepTheirRateWhileTheNextOneRuns() {
        afterMillis(60_000, 32);
        assertThat(afterMillis(59_000)).isCloseTo(32 / 60.0, EXACT);
        afterMillis(1_000, 32);
        assertThat(meter.perSecond()).isCloseTo(32 / 60.0, EXACT);
    }

    @Test
    void readingTwiceSeesTheSame() {
        afterMillis(4_000, 100);
        assertThat(meter.perSecond()).isCloseTo(25, EXACT).isEqualTo(meter.perSecond());
    }

    @Test
    void aRunThatStandsStillFallsToZero() {
        afterMillis(2_000, 100);
        afterMillis(1_000, 50);
        assertThat(afterMillis(3_000)).isCloseTo(50, EXACT);
        assertThat(afterMillis(6_000)).isCloseTo(5, EXACT);
        assertThat(afterMillis(1_000_000_000)).isLessThan(1e-3);
    }
}
