package dev.kindling.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Reports of outlying sums. */
class OutlierDetectorTest {
    private static final RoundRequest TRAIN =
            new RoundRequest("train", NoiseProvider.specs(6, Map.of()), OutputMode.SUMS);

    private final AtomicLong now = new AtomicLong();
    private final OutlierDetector detector = new OutlierDetector(now::get);

    private static PartialSum node(int tasks, Precision precision, double... sums) {
        return new PartialSum(0, 0, FlatVector.of(precision, sums), new double[0], tasks);
    }

    private List<String> round(double... sizes) {
        for (int i = 0; i < sizes.length; i++) {
            int executor = i;
            detector.add(() -> "executor " + executor, sizes[i]);
        }
        return detector.endRound(TRAIN);
    }

    @Test
    void theSizeOfASumIsItsNormForEachTask() {
        assertThat(OutlierDetector.size(List.of(node(2, Precision.FLOAT, 3, 4, 0, 0, 0, 12))))
                .isEqualTo(6.5);
        assertThat(OutlierDetector.size(List.of(node(3, Precision.DOUBLE, 3, 4), node(2, Precision.DOUBLE, 5, 0))))
                .isEqualTo(2);
        assertThat(OutlierDetector.size(List.of(node(1, Precision.FLOAT, 1, Double.NaN))))
                .isInfinite();
        assertThat(OutlierDetector.size(List.of(node(0, Precision.FLOAT, 0, 0))))
                .as("no task, no size")
                .isNaN();
    }

    @Test
    void theSenderOfAnOutlyingSumIsNamed() {
        assertThat(round(1.2, 2e14, 0.9))
                .containsExactly("warning: executor 1 sent a sum of 2.00e+14 for each task to train, round 12, where "
                        + "1.20 is usual; it was used");
        assertThat(round(1.2, Double.POSITIVE_INFINITY, 0.9)).hasSize(1);
    }

    @Test
    void aGrowthOfAllSumsIsNotReported() {
        round(1, 1, 1);
        assertThat(round(1e9, 2e9, 3e9)).isEmpty();
        assertThat(round(1, 99, 1)).as("less than a hundred times").isEmpty();
        assertThat(round(0, 1, 0)).as("nothing to compare with").isEmpty();
    }

    @Test
    void withFewRangesPrecedingRoundsAreCompared() {
        assertThat(round(1e9)).as("too little to compare with").isEmpty();
        for (int i = 0; i < 4; i++) {
            assertThat(round(1 + i, 2)).isEmpty();
        }
        assertThat(round(1, 1e9))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("warning: executor 1 sent a sum of 1.00e+09");
        detector.add(() -> "executor 0", 1e9);
        assertThat(detector.endRound(new RoundRequest("validate", TRAIN.specs(), OutputMode.SUMS)))
                .as("another program has sums of its own")
                .isEmpty();
    }

    @Test
    void fiveLinesAMinuteAreEnough() {
        int lines = 0;
        for (int i = 0; i < 20; i++) {
            lines += round(1, 1, 1e6).size();
        }
        assertThat(lines).isEqualTo(5);
        now.addAndGet(Duration.ofSeconds(61).toNanos());
        assertThat(round(1, 1, 1e6)).hasSize(1);
    }
}
