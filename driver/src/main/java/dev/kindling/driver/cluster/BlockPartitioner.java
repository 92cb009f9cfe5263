package dev.kindling.driver.cluster;

import java.util.ArrayList;
import java.util.List;

/**
 * Partitions the blocks of a round into contiguous ranges, one for each worker, in proportion to their threads. If sums are
 * large, ranges end only at multiples of 2^⌊log2(blocks / workers)⌋ blocks: a range is then one or two nodes of the
 * reduction tree, and little more than one sum is returned for it.
 */
public final class BlockPartitioner {
    /** Length of the sums from which on transferred bytes matter more than an even load. */
    public static final int LARGE = 262_144;

    /**
     * The blocks from {@code first} (inclusive) to {@code end} (exclusive).
     *
     * @param worker index of the worker
     */
    public record BlockRange(int worker, int first, int end) {}

    private BlockPartitioner() {}

    /**
     * The ranges, left to right, none of them empty.
     *
     * @param blocks of the round, at least 1
     * @param threads of each worker, at least 1; a worker with twice the threads gets twice the blocks
     * @param sumSize length of the sums
     */
    public static List<BlockRange> partition(int blocks, List<Integer> threads, int sumSize) {
        int all = threads.stream().mapToInt(Integer::intValue).sum();
        if (blocks < 1 || all < 1) {
            throw new IllegalArgumentException(
                    blocks + " blocks for " + all + " threads; there must be at least 1 of each");
        }
        int ranges = Math.min(blocks, threads.size());
        int unit = sumSize < LARGE ? 1 : Integer.highestOneBit(blocks / ranges);
        int units = (blocks + unit - 1) / unit;
        List<BlockRange> partition = new ArrayList<>(ranges);
        int before = 0;
        int first = 0;
        for (int worker = 0; worker < threads.size(); worker++) {
            before += threads.get(worker);
            int end = (int) Math.min(blocks, (long) before * units / all * unit);
            if (end > first) {
                partition.add(new BlockRange(worker, first, end));
                first = end;
            }
        }
        return partition;
    }
}
