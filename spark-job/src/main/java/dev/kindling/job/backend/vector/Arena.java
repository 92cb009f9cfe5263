package dev.kindling.job.backend.vector;

import java.util.Map;
import java.util.TreeMap;

/** Plans offsets in one flat array: first fit among what was freed, in units that keep neighbours off each other's cache lines. */
final class Arena {
    private static final int UNIT = 16;

    /** Free gaps by offset. */
    private final TreeMap<Integer, Integer> gaps = new TreeMap<>();

    private int size;

    /** Offset of a new run of n numbers. */
    int allocate(int n) {
        int wanted = rounded(n);
        for (Map.Entry<Integer, Integer> gap : gaps.entrySet()) {
            // Read before the removal, which may reuse the entry.
            int from = gap.getKey();
            int length = gap.getValue();
            if (length >= wanted) {
                gaps.remove(from);
                if (length > wanted) {
                    gaps.put(from + wanted, length - wanted);
                }
                return from;
            }
        }
        int offset = size;
        size = Math.addExact(size, wanted);
        return offset;
    }

    /** Gives back a run that {@link #allocate} gave. */
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

    /** Numbers that the array must hold. */
    int size() {
        return size;
    }

    /** Whole units, and at least a vector beyond the end: {@link FloatMatmul} writes rubbish there. */
    private static int rounded(int n) {
        return (n + 2 * UNIT - 2) / UNIT * UNIT;
    }
}
