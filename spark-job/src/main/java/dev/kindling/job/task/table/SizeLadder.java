package dev.kindling.job.task.table;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The few sizes to which sets of rows are padded: the largest size, and below it sizes that fall by a constant factor. Each
 * pair of a support and a query size has a program of its own, so a small factor means little padding and many programs.
 */
final class SizeLadder {
    private final List<Integer> sizes;

    /**
     * A ladder of sizes.
     *
     * @param most the largest size, at least 1
     * @param factor between one size and the next, above 1
     * @param least the smallest size of the ladder, unless {@code most} is smaller
     */
    SizeLadder(int most, int factor, int least) {
        List<Integer> descending = new ArrayList<>(List.of(most));
        for (int next = most; (next + factor - 1) / factor >= least && next > 1; ) {
            next = (next + factor - 1) / factor;
            descending.add(next);
        }
        Collections.reverse(descending);
        this.sizes = List.copyOf(descending);
    }

    /** The smallest size that holds the given number of rows. */
    int padded(int rows) {
        for (int size : sizes) {
            if (rows <= size) {
                return size;
            }
        }
        throw new IllegalArgumentException(rows + " rows exceed the largest size " + sizes.get(sizes.size() - 1));
    }
}
