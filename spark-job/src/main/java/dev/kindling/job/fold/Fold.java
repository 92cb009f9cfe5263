package dev.kindling.job.fold;

import dev.kindling.job.tensor.Storage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The ordered sum of a round, or of a part of one: takes nodes in any order and merges siblings as soon as both are
 * there. Lives on executors and on the driver. Not thread-safe.
 *
 * <p>Floating-point addition is not associative, so which sums are added to which is fixed by the tree alone: node
 * (level, index) is the sum of its left and its right half, in this order, and a node whose right half lies beyond the
 * last block is its left half; no zero is added. Every cutting of the blocks into ranges therefore gives the same bits.
 * A node without tasks leaves its sibling as it is.
 *
 * <p>Nodes that are added belong to the fold from then on: it adds into their arrays.
 */
public final class Fold {
    private final int blocks;
    private final int rootLevel;
    private final Consumer<Storage> unused;
    /** Disjoint maximal nodes by their first block. */
    private final TreeMap<Integer, FoldNode> nodes = new TreeMap<>();

    /** An empty fold over a round of the given count of blocks. */
    public Fold(int blocks) {
        this(blocks, sums -> {});
    }

    /**
     * An empty fold that gives back arrays that it no longer needs.
     *
     * @param unused takes the sums of every node that was added into another one
     */
    public Fold(int blocks, Consumer<Storage> unused) {
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
    public void add(FoldNode node) {
        requireInTree(node);
        requireNew(node);
        requireAlike(node);
        FoldNode maximal = merged(node);
        nodes.put(firstBlock(maximal), maximal);
    }

    /** The maximal nodes of what was added, left to right. */
    public List<FoldNode> nodes() {
        return new ArrayList<>(nodes.values());
    }

    /** Whether every block has been added. */
    public boolean complete() {
        return nodes.size() == 1 && nodes.firstEntry().getValue().level() == rootLevel;
    }

    /**
     * The sum of the whole round.
     *
     * @throws IllegalStateException if a block is missing, with the first one that is
     */
    public FoldNode root() {
        if (!complete()) {
            throw new IllegalStateException("block " + firstMissing() + " of " + blocks + " is missing from the sum");
        }
        return nodes.firstEntry().getValue();
    }

    private int firstMissing() {
        int next = 0;
        for (FoldNode node : nodes.values()) {
            if (firstBlock(node) != next) {
                return next;
            }
            next = endBlock(node);
        }
        return next;
    }

    /** The largest node that the given one and those already here make up; the latter leave the map. */
    private FoldNode merged(FoldNode added) {
        FoldNode node = added;
        while (node.level() < rootLevel) {
            if ((node.index() & 1) == 1) {
                int leftFirst = firstBlock(node) - (1 << node.level());
                FoldNode left = nodes.get(leftFirst);
                if (left == null || left.level() != node.level()) {
                    return node;
                }
                nodes.remove(leftFirst);
                node = sum(left, node);
            } else if (endBlock(node) == blocks) {
                node = new FoldNode(node.level() + 1, node.index() >> 1, node.sums(), node.totals(), node.tasks());
            } else {
                FoldNode right = nodes.get(endBlock(node));
                // Near the end of the round a right half stands at the level at which it still has an odd index.
                if (right == null || right.level() != node.level()) {
                    return node;
                }
                nodes.remove(firstBlock(right));
                node = sum(node, right);
            }
        }
        return node;
    }

    private FoldNode sum(FoldNode left, FoldNode right) {
        int level = left.level() + 1;
        int index = left.index() >> 1;
        if (right.tasks() == 0) {
            unused.accept(right.sums());
            return new FoldNode(level, index, left.sums(), left.totals(), left.tasks());
        }
        if (left.tasks() == 0) {
            unused.accept(left.sums());
            return new FoldNode(level, index, right.sums(), right.totals(), right.tasks());
        }
        addInto(left.sums(), right.sums());
        addInto(left.totals(), right.totals());
        unused.accept(right.sums());
        return new FoldNode(level, index, left.sums(), left.totals(), left.tasks() + right.tasks());
    }

    /** Adds each number of {@code more} to the one at its place in {@code sum}, in their precision. */
    public static void addInto(Storage sum, Storage more) {
        if (sum instanceof Storage.OfFloat to && more instanceof Storage.OfFloat from) {
            addInto(to.array(), from.array());
        } else {
            addInto(((Storage.OfDouble) sum).array(), ((Storage.OfDouble) more).array());
        }
    }

    private static void addInto(float[] sum, float[] more) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += more[i];
        }
    }

    /** Adds each number of {@code more} to the one at its place in {@code sum}. */
    public static void addInto(double[] sum, double[] more) {
        for (int i = 0; i < sum.length; i++) {
            sum[i] += more[i];
        }
    }

    private static int firstBlock(FoldNode node) {
        return node.index() << node.level();
    }

    private int endBlock(FoldNode node) {
        return (int) Math.min(blocks, (node.index() + 1L) << node.level());
    }

    private void requireInTree(FoldNode node) {
        boolean inside = node.level() >= 0
                && node.level() <= rootLevel
                && node.index() >= 0
                && ((long) node.index() << node.level()) < blocks;
        require(inside, node + " is not in the tree over " + blocks + " blocks");
    }

    private void requireNew(FoldNode node) {
        Map.Entry<Integer, FoldNode> before = nodes.lowerEntry(endBlock(node));
        boolean free = before == null || endBlock(before.getValue()) <= firstBlock(node);
        require(free, node + " covers blocks that were added before");
    }

    private void requireAlike(FoldNode node) {
        if (!nodes.isEmpty()) {
            FoldNode other = nodes.firstEntry().getValue();
            boolean alike = node.sums().precision() == other.sums().precision()
                    && node.sums().size() == other.sums().size()
                    && node.totals().length == other.totals().length;
            require(alike, node + " has arrays of another size or precision than " + other);
        }
    }

    private static void require(boolean condition, String sentence) {
        if (!condition) {
            throw new IllegalArgumentException(sentence);
        }
    }
}
