package dev.kindling.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.cluster.BlockPartitioner.BlockRange;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlockPartitionerTest {
    @Test
    void rangesCoverAllBlocksOnceAndDifferByOneAtMost() {
        for (int blocks = 1; blocks <= 40; blocks++) {
            for (int workers = 1; workers <= 45; workers++) {
                List<BlockRange> ranges = BlockPartitioner.partition(blocks, Collections.nCopies(workers, 1), 1_761);
                assertThat(ranges).hasSize(Math.min(blocks, workers));
                int next = 0;
                for (BlockRange range : ranges) {
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
                for (BlockRange range :
                        BlockPartitioner.partition(blocks, Collections.nCopies(workers, 1), BlockPartitioner.LARGE)) {
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
        assertThat(BlockPartitioner.partition(7, List.of(1, 1), 1))
                .containsExactly(new BlockRange(0, 0, 3), new BlockRange(1, 3, 7));
        assertThat(BlockPartitioner.partition(7, List.of(1, 1), BlockPartitioner.LARGE))
                .containsExactly(new BlockRange(0, 0, 4), new BlockRange(1, 4, 7));
    }

    @Test
    void aWorkerWithThreeThreadsGetsThreeTimesTheBlocks() {
        assertThat(BlockPartitioner.partition(8, List.of(3, 1), 1))
                .containsExactly(new BlockRange(0, 0, 6), new BlockRange(1, 6, 8));
        assertThat(BlockPartitioner.partition(1, List.of(1, 3), 1)).containsExactly(new BlockRange(1, 0, 1));
    }

    @Test
    void noBlocksAndNoWorkersAreRefused() {
        assertThatThrownBy(() -> BlockPartitioner.partition(0, List.of(1), 1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> BlockPartitioner.partition(1, List.of(), 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
