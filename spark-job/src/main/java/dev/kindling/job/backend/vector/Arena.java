package dev.kindling.job.backend.vector;

import java.util.Map;
import java.util.TreeMap;

/** Allocates offsets in one buffer: first fit among freed gaps, in units that keep allocations on separate cache lines. */
final class Arena {
    private static final int UNIT = 16;

    /** Lengths of free gaps by offset. */
    private final TreeMap<Integer, Integer> gaps = new TreeMap<>();

    private int size;

    /** Offset of a new allocation of n elements. */
    int allocate(int n) {
        int required = rounded(n);
        for (Map.Entry<Integer, Integer> gap : gaps.entrySet()) {
            // Read before the removal, which may reuse the entry.
            int from = gap.getKey();
            int length = gap.getValue();
            if (length >= required) {
                gaps.remove(from);
                if (length > required) {
                    gaps.put(from + required, length - required);
                }
                return from;
            }
        }
        int offset = size;
        size = Math.addExact(size, required);
        return offset;
    }

    /** Frees an allocation of n elements, whose offset {@link #allocate} returned. */
    void free(int offset, int n) {
        int from = offset;
        int length = rounded(n);
        Map.Entry<Integer, Integer> before = gaps.floorEntry(from);
        if (before != null && before.getKey() + before.getValue() == from) {
            gaps.remove(before.getKey());
            from = before.getKey();
            length += before.getValue();
        }
        Integer after = gaps.remove(from + length);
        gaps.put(from, after == null ? length : length + after);
    }

    /** The size of the buffer in elements. */
    int size() {
        return size;
    }

    /** Rounds up to units with room for a vector after the end, where {@link FloatMatmul} may write garbage. */
    private static int rounded(int n) {
        return (n + 2 * UNIT - 2) / UNIT * UNIT;
    }
}
