package dev.kindling.job.reduce;

import dev.kindling.job.tensor.FlatVector;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Reduces the partial sums of a round, or of a part of one, in the order of a fixed tree: accepts nodes in any order and
 * merges siblings as soon as both have been added. Lives on executors and on the driver. Not thread-safe.
 *
 * <p>Floating-point addition is not associative, so which sums are added to which is fixed by the tree alone: node
 * (level, index) is the sum of its left and its right half, in this order, and a node whose right half lies beyond the
 * last block is its left half; no zero is added. Every partition of the blocks into ranges therefore gives the same bits.
 * A node without tasks leaves its sibling unchanged.
 *
 * <p>The reducer owns the nodes that are added: it adds into their arrays.
 */
public final class TreeReducer {
    private final int blocks;
    private final int rootLevel;
    private final Consumer<FlatVector> unused;
    /** Disjoint maximal nodes by their first block. */
    private final TreeMap<Integer, PartialSum> sums = new TreeMap<>();

    /** A reducer for a round of the given number of blocks. */
    public TreeReducer(int blocks) {
        this(blocks, sums -> {});
    }

    /**
     * A reducer that releases vectors that it no longer needs.
     *
     * @param unused receives the sums of every node that was added into another one
     */
    public TreeReducer(int blocks, Consumer<FlatVector> unused) {
        if (blocks < 1) {
            throw new IllegalArgumentException("a round has " + blocks + " blocks; it must have at least 1");
        }
        this.blocks = blocks;
        this.rootLevel = rootLevel(blocks);
        this.unused = unused;
    }

    /** Level of the node that covers all blocks: ⌈log2 blocks⌉. */
    public static int rootLevel(int blocks) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(blocks - 1);
    }

    /**
     * Adds a node.
     *
     * @throws IllegalArgumentException if the tree has no such node, if a block of it has been added before, or if its
     *     arrays differ in size or precision from the others'
     */
    public void add(PartialSum sum) {
        requireInTree(sum);
        requireNew(sum);
        requireAlike(sum);
        PartialSum maximal = merged(sum);
        sums.put(firstBlock(maximal), maximal);
    }

    /** The maximal nodes that have been merged so far, left to right. */
    public List<PartialSum> nodes() {
        return new ArrayList<>(sums.values());
    }

    /** Whether every block has been added. */
    public boolean complete() {
        return sums.size() == 1 && sums.firstEntry().getValue().level() == rootLevel;
    }

    /**
     * The sum of the whole round.
     *
     * @throws IllegalStateException if a block is missing, naming the first one
     */
    public PartialSum root() {
        if (!complete()) {
            throw new IllegalStateException("block " + firstMissing() + " of " + blocks + " is missing from the sum");
        }
        return sums.firstEntry().getValue();
    }

    private int firstMissing() {
        int next = 0;
        for (PartialSum sum : sums.values()) {
            if (firstBlock(sum) != next) {
                return next;
            }
            next = endBlock(sum);
        }
        return next;
    }

    /** Merges the given node with those in the map as far as possible, removing them; returns the largest node. */
    private PartialSum merged(PartialSum added) {
        PartialSum sum = added;
        while (sum.level() < rootLevel) {
            if ((sum.index() & 1) == 1) {
                int leftFirst = firstBlock(sum) - (1 << sum.level());
                PartialSum left = sums.get(leftFirst);
                if (left == null || left.level() != sum.level()) {
                    return sum;
                }
                sums.remove(leftFirst);
                sum = sum(left, sum);
            } else if (endBlock(sum) == blocks) {
                sum = new PartialSum(sum.level() + 1, sum.index() >> 1, sum.sums(), sum.totals(), sum.tasks());
            } else {
                PartialSum right = sums.get(endBlock(sum));
                // Near the end of the round a right half stays at the level at which its index is odd.
                if (right == null || right.level() != sum.level()) {
                    return sum;
                }
                sums.remove(firstBlock(right));
                sum = sum(sum, right);
            }
        }
        return sum;
    }

    private PartialSum sum(PartialSum left, PartialSum right) {
        int level = left.level() + 1;
        int index = left.index() >> 1;
        if (right.tasks() == 0) {
            unused.accept(right.sums());
            return new PartialSum(level, index, left.sums(), left.totals(), left.tasks());
        }
        if (left.tasks() == 0) {
            unused.accept(left.sums());
            return new PartialSum(level, index, right.sums(), right.totals(), right.tasks());
        }
        addInto(left.sums(), right.sums());
        addInto(left.totals(), right.totals());
        unused.accept(right.sums());
        return new PartialSum(level, index, left.sums(), left.totals(), left.tasks() + right.tasks());
    }

    /** Adds {@code more} to {@code sum} elementwise, in their precision. */
    public static void addInto(FlatVector sum, FlatVector more) {
        if (sum instanceof FlatVector.OfFloat to && more instanceof FlatVector.OfFloat from) {
            addInto(to.array(), from.array());
        } else {
            addInto(((FlatVector.OfDouble) sum).array(), ((FlatVector.OfDouble) more).array());
        }
    }

    private static void addInto(float[] sum, float[] more) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += more[i];
        }
    }

    /** Adds {@code more} to {@code sum} elementwise. */
    public static void addInto(double[] sum, double[] more) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += more[i];
        }
    }

    private static int firstBlock(PartialSum sum) {
        return sum.index() << sum.level();
    }

    private int endBlock(PartialSum sum) {
        return (int) Math.min(blocks, (sum.index() + 1L) << sum.level());
    }

    private void requireInTree(PartialSum sum) {
        boolean inside = sum.level() >= 0
                && sum.level() <= rootLevel
                && sum.index() >= 0
                && ((long) sum.index() << sum.level()) < blocks;
        require(inside, sum + " is not in the tree over " + blocks + " blocks");
    }

    private void requireNew(PartialSum sum) {
        Map.Entry<Integer, PartialSum> before = sums.lowerEntry(endBlock(sum));
        boolean free = before == null || endBlock(before.getValue()) <= firstBlock(sum);
        require(free, sum + " covers blocks that were added before");
    }

    private void requireAlike(PartialSum sum) {
        if (!sums.isEmpty()) {
            PartialSum other = sums.firstEntry().getValue();
            boolean alike = sum.sums().precision() == other.sums().precision()
                    && sum.sums().size() == other.sums().size()
                    && sum.totals().length == other.totals().length;
            require(alike, sum + " has arrays of another size or precision than " + other);
        }
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
