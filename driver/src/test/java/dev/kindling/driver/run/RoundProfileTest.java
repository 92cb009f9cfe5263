package dev.kindling.driver.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.aggregator.MetaGradient;
import dev.kindling.driver.metrics.RoundTimings;
import dev.kindling.driver.training.TrainingListener;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RoundProfileTest {
    private static TrainingListener.Round round(long number, RoundTimings times) {
        MetaGradient gradient = new MetaGradient(
                FlatVector.zeros(Precision.FLOAT, 1), FlatVector.zeros(Precision.DOUBLE, 0), 0, new TreeMap<>(), 1);
        return new TrainingListener.Round(number, 9, gradient, List.of(), List.of(), 0, 0, times);
    }

    @Test
    void phasesAndTimeBetweenRoundsAddUpToTheWallTime() {
        AtomicLong clock = new AtomicLong(1);
        RoundProfile profile = new RoundProfile(clock::get);
        List<Long> received = new ArrayList<>();
        TrainingListener listener = profile.before(round -> received.add(round.number()));
        listener.done(round(1, new RoundTimings(1L << 60, 0, 0, 0, 0, 0, 0)));
        for (long number = 2; number <= 3; number++) {
            clock.addAndGet(4_000_000);
            listener.done(round(number, new RoundTimings(100_000, 200_000, 2_000_000, 300_000, 400_000, 0, 500_000)));
        }
        assertThat(received).containsExactly(1L, 2L, 3L);
        assertThat(profile.lines().stream().map(String::strip))
                .containsExactly(
                        "time by phase (mean of 2 rounds, without the first after this start):",
                        "sample               0.1000 ms   2.5%",
                        "materialize          0.2000 ms   5.0%",
                        "compute              2.0000 ms  50.0%",
                        "reduce               0.3000 ms   7.5%",
                        "communication        0.4000 ms  10.0%",
                        "idle                 0.0000 ms   0.0%",
                        "optimize             0.5000 ms  12.5%",
                        "between rounds       0.5000 ms  12.5%",
                        "total                4.0000 ms 100.0%");
    }

    @Test
    void aSingleRoundHasNoProfile() {
        RoundProfile profile = new RoundProfile(() -> 5);
        profile.before(round -> {}).done(round(1, RoundTimings.NONE));
        assertThat(profile.lines()).isEmpty();
    }
}
