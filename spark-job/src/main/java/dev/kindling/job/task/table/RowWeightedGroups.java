package dev.kindling.job.task.table;

import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.IntRange;
import java.util.Arrays;
import java.util.Map;
import java.util.SortedMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The training groups of {@code table.draw = rows}, drawn by their number of rows: a size by bisection among the sizes that occur,
 * then a group of that size, both from the task's stream. Memory is one number for each group, read when the first task is
 * sampled. Thread-safe.
 */
final class RowWeightedGroups {
    private final SupportDraw draw;
    private final IntRange support;
    private final int query;
    private final int[] sizes;
    private final int[] starts;
    private final double[] cumulative;
    private final Supplier<int[]> bySize;
    private volatile int @Nullable [] groups;

    /** A group and its number of support rows. */
    record Drawn(int group, int support) {}

    /**
     * Groups of at least {@code support.least() + 1} rows.
     *
     * @param sizes for a number of rows, the number of groups that have it; not empty
     * @param query {@code task.query}
     * @param bySize reads the numbers of the groups, in the order of their rows
     */
    RowWeightedGroups(
            SortedMap<Integer, Integer> sizes, SupportDraw draw, IntRange support, int query, Supplier<int[]> bySize) {
        this.draw = draw;
        this.support = support;
        this.query = query;
        this.bySize = bySize;
        this.sizes = new int[sizes.size()];
        this.starts = new int[sizes.size() + 1];
        this.cumulative = new double[sizes.size()];
        double total = 0;
        int i = 0;
        for (Map.Entry<Integer, Integer> size : sizes.entrySet()) {
            this.sizes[i] = size.getKey();
            starts[i + 1] = starts[i] + size.getValue();
            total += size.getValue() * sum(weights(size.getKey()));
            cumulative[i] = total;
            i++;
        }
    }

    /** The weights of the possible numbers of support rows of a group, from the least on. */
    private double[] weights(int rows) {
        IntRange possible = SupportDraw.possible(support, rows);
        double[] weights = new double[possible.values()];
        Arrays.setAll(weights, i -> {
            int number = possible.least() + i;
            return draw.probability(number, possible) * GroupDraw.ROWS.weight(rows - number, query);
        });
        return weights;
    }

    private static double sum(double[] numbers) {
        double sum = 0;
        for (double number : numbers) {
            sum += number;
        }
        return sum;
    }

    /** Read at most once by each of several threads, with the same result. */
    private int[] groups() {
        int[] read = groups;
        if (read == null) {
            read = bySize.get();
            groups = read;
        }
        return read;
    }

    /** Draws a group and its number of support rows. */
    Drawn draw(RandomStream stream) {
        int at = Arrays.binarySearch(cumulative, stream.nextDouble() * cumulative[cumulative.length - 1]);
        // Between two sums the answer is the larger one; at a sum the range that begins there.
        int size = Math.min(at < 0 ? -at - 1 : at + 1, sizes.length - 1);
        int group = groups()[starts[size] + stream.nextInt(starts[size + 1] - starts[size])];
        double[] weights = weights(sizes[size]);
        double rest = stream.nextDouble() * sum(weights);
        int number = 0;
        while (number < weights.length - 1 && rest >= weights[number]) {
            rest -= weights[number];
            number++;
        }
        return new Drawn(group, support.least() + number);
    }
}
