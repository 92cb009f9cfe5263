package dev.kindling.driver.cluster;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts the blocks of a round into contiguous ranges, one for each worker, as even as can be. Where sums are large, cuts
 * stand only at multiples of 2^⌊log2(blocks / workers)⌋ blocks: then a range is one or two nodes of the tree, and little
 * more than one sum travels back for it.
 */
public final class Dealing {
    /** Count of summed numbers from which on the bytes that travel matter more than an even load. */
    public static final int LARGE = 262_144;

    /** Blocks first (included) to end (excluded). */
    public record Range(int first, int end) {}

    private Dealing() {}

    /**
     * The ranges, left to right, none of them empty.
     *
     * @param blocks of the round, at least 1
     * @param workers at least 1; there are not more ranges than this
     * @param numbers count of summed numbers of a node
     */
    public static List<Range> deal(int blocks, int workers, int numbers) {
        if (blocks < 1 || workers < 1) {
            throw new IllegalArgumentException(
                    blocks + " blocks for " + workers + " workers; there must be at least 1 of each");
        }
        int ranges = Math.min(blocks, workers);
        int unit = numbers < LARGE ? 1 : Integer.highestOneBit(blocks / ranges);
        int units = (blocks + unit - 1) / unit;
        List<Range> dealt = new ArrayList<>(ranges);
        for (int i = 0; i < ranges; i++) {
            dealt.add(new Range(cut(i, ranges, units, unit, blocks), cut(i + 1, ranges, units, unit, blocks)));
        }
        return dealt;
    }

    private static int cut(int index, int ranges, int units, int unit, int blocks) {
        return (int) Math.min(blocks, (long) index * units / ranges * unit);
    }
}
