package dev.kindling.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.cluster.Dealing.Range;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class DealingTest {
    @Test
    void rangesCoverAllBlocksOnceAndDifferByOneAtMost() {
        for (int blocks = 1; blocks <= 40; blocks++) {
            for (int workers = 1; workers <= 45; workers++) {
                List<Range> ranges = Dealing.deal(blocks, Collections.nCopies(workers, 1), 1_761);
                assertThat(ranges).hasSize(Math.min(blocks, workers));
                int next = 0;
                for (Range range : ranges) {
                    assertThat(range.first()).isEqualTo(next);
                    assertThat(range.end() - range.first())
                            .isBetween(blocks / ranges.size(), (blocks + ranges.size() - 1) / ranges.size());
                    next = range.end();
                }
                assertThat(next).isEqualTo(blocks);
            }
        }
    }

    @Test
    void largeSumsAreCutAtMultiplesOfAPowerOfTwoAndNoRangeIsEmpty() {
        for (int blocks = 1; blocks <= 70; blocks++) {
            for (int workers = 1; workers <= blocks; workers++) {
                int unit = 1;
                while (2 * unit <= blocks / workers) {
                    unit *= 2;
                }
                int next = 0;
                for (Range range : Dealing.deal(blocks, Collections.nCopies(workers, 1), Dealing.LARGE)) {
                    assertThat(range.first()).isEqualTo(next);
                    assertThat(range.first() % unit).isZero();
                    assertThat(range.end()).isGreaterThan(range.first());
                    next = range.end();
                }
                assertThat(next).isEqualTo(blocks);
            }
        }
    }

    @Test
    void sevenBlocksForTwoWorkers() {
        assertThat(Dealing.deal(7, List.of(1, 1), 1)).containsExactly(new Range(0, 0, 3), new Range(1, 3, 7));
        assertThat(Dealing.deal(7, List.of(1, 1), Dealing.LARGE))
                .containsExactly(new Range(0, 0, 4), new Range(1, 4, 7));
    }

    @Test
    void aWorkerWithThreeThreadsGetsThreeTimesTheBlocks() {
        assertThat(Dealing.deal(8, List.of(3, 1), 1)).containsExactly(new Range(0, 0, 6), new Range(1, 6, 8));
        assertThat(Dealing.deal(1, List.of(1, 3), 1)).containsExactly(new Range(1, 0, 1));
    }

    @Test
    void noBlocksAndNoWorkersAreRefused() {
        assertThatThrownBy(() -> Dealing.deal(0, List.of(1), 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Dealing.deal(1, List.of(), 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
