package dev.kindling.driver.cluster;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts the blocks of a round into contiguous ranges, one for each worker, as even by their threads as can be. Where sums are large, cuts
 * stand only at multiples of 2^⌊log2(blocks / workers)⌋ blocks: then a range is one or two nodes of the tree, and little
 * more than one sum travels back for it.
 */
public final class BlockPartitioner {
    /** Count of summed numbers from which on the bytes that travel matter more than an even load. */
    public static final int LARGE = 262_144;

    /**
     * Blocks first (included) to end (excluded).
     *
     * @param worker whose range it is: its place among those that were dealt to
     */
    public record BlockRange(int worker, int first, int end) {}

    private BlockPartitioner() {}

    /**
     * The ranges, left to right, none of them empty.
     *
     * @param blocks of the round, at least 1
     * @param threads of each worker, at least 1; a worker with twice the threads gets twice the blocks
     * @param numbers count of summed numbers of a node
     */
    public static List<BlockRange> partition(int blocks, List<Integer> threads, int numbers) {
        int all = threads.stream().mapToInt(Integer::intValue).sum();
        if (blocks < 1 || all < 1) {
            throw new IllegalArgumentException(
                    blocks + " blocks for " + all + " threads; there must be at least 1 of each");
        }
        int ranges = Math.min(blocks, threads.size());
        int unit = numbers < LARGE ? 1 : Integer.highestOneBit(blocks / ranges);
        int units = (blocks + unit - 1) / unit;
        List<BlockRange> dealt = new ArrayList<>(ranges);
        int before = 0;
        int first = 0;
        for (int worker = 0; worker < threads.size(); worker++) {
            before += threads.get(worker);
            int end = (int) Math.min(blocks, (long) before * units / all * unit);
            if (end > first) {
                dealt.add(new BlockRange(worker, first, end));
                first = end;
            }
        }
        return dealt;
    }
}
