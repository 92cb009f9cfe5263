package dev.kindling.job.task.table;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/** A constant plus a sum of regression trees over a row's features, as gradient boosting fits them. Immutable. */
public final class BoostedTrees {
    private final double base;
    private final List<Tree> trees;
    private final int width;

    // The nodes of all trees one after another, four numbers each: the feature, the threshold as a sortable integer,
    // and where
    // the node for values up to the threshold and the one for others begin. Both of a leaf are the leaf itself.
    private final int[] nodes;
    // Where the root of each tree begins; filled up to a multiple of INTERLEAVED with a leaf that adds nothing.
    private final int[] roots;
    // For each INTERLEAVED trees, the largest number of splits on a path.
    private final int[] depths;
    // For each node, what a leaf adds.
    private final float[] values;

    // Trees that a prediction descends at once: one step waits for the memory that it reads, those of other trees do
    // not.
    private static final int INTERLEAVED = 4;
    private static final int NODE = 4;

    /**
     * One tree. A node is the number of a split, or {@code ~leaf} for the number of a leaf; the root is split 0, or leaf 0 of a
     * tree without splits. A split comes before those below it.
     *
     * @param features for each split, the index of the feature that it compares
     * @param thresholds for each split, the largest value of the feature that goes left
     * @param left for each split, the node for values up to the threshold
     * @param right for each split, the node for other values
     * @param values for each leaf, what the tree adds
     */
    public record Tree(int[] features, float[] thresholds, int[] left, int[] right, float[] values)
            implements Serializable {
        /** Validates the arrays; IllegalArgumentException if they are no tree. */
        public Tree {
            int splits = features.length;
            boolean valid = thresholds.length == splits
                    && left.length == splits
                    && right.length == splits
                    && values.length == splits + 1;
            for (int split = 0; valid && split < splits; split++) {
                valid = features[split] >= 0
                        && Float.isFinite(thresholds[split])
                        && isBelow(left[split], split, splits)
                        && isBelow(right[split], split, splits);
            }
            for (int leaf = 0; valid && leaf < values.length; leaf++) {
                valid = Float.isFinite(values[leaf]);
            }
            if (!valid) {
                throw new IllegalArgumentException("the arrays are no tree");
            }
        }

        /** Whether a node can be below a split; only later splits can, so that every path ends. */
        private static boolean isBelow(int node, int split, int splits) {
            return node >= 0 ? node > split && node < splits : ~node <= splits;
        }
    }

    /** The sum of a constant and trees. */
    public BoostedTrees(double base, List<Tree> trees) {
        this.base = base;
        this.trees = List.copyOf(trees);
        this.width = 1
                + trees.stream()
                        .flatMapToInt(tree -> Arrays.stream(tree.features()))
                        .max()
                        .orElse(-1);
        int padded = (trees.size() + INTERLEAVED - 1) / INTERLEAVED * INTERLEAVED;
        int count =
                trees.stream().mapToInt(tree -> 2 * tree.features().length + 1).sum() + 1;
        this.nodes = new int[NODE * count];
        this.values = new float[count];
        this.roots = new int[padded];
        this.depths = new int[padded / INTERLEAVED];
        // The leaf that adds nothing is node 0.
        int first = 1;
        for (int i = 0; i < trees.size(); i++) {
            Tree tree = trees.get(i);
            roots[i] = NODE * first;
            depths[i / INTERLEAVED] = Math.max(depths[i / INTERLEAVED], place(tree, first));
            first += 2 * tree.features().length + 1;
        }
    }

    /** Writes a tree's nodes, splits and then leaves, from the given one on; returns the largest number of splits on a path. */
    private int place(Tree tree, int first) {
        int splits = tree.features().length;
        int[] depth = new int[splits];
        for (int split = splits - 1; split >= 0; split--) {
            int left = tree.left()[split];
            int right = tree.right()[split];
            int node = NODE * (first + split);
            nodes[node] = tree.features()[split];
            nodes[node + 1] = sortable(tree.thresholds()[split]);
            nodes[node + 2] = NODE * (first + position(left, splits));
            nodes[node + 3] = NODE * (first + position(right, splits));
            depth[split] = 1 + Math.max(left < 0 ? 0 : depth[left], right < 0 ? 0 : depth[right]);
        }
        for (int leaf = 0; leaf <= splits; leaf++) {
            int node = first + splits + leaf;
            nodes[NODE * node + 2] = NODE * node;
            nodes[NODE * node + 3] = NODE * node;
            values[node] = tree.values()[leaf];
        }
        return splits == 0 ? 0 : depth[0];
    }

    private static int position(int node, int splits) {
        return node >= 0 ? node : splits + ~node;
    }

    /** An integer in the order of floats, of which -0 equals 0 and NaN is the largest. */
    private static int sortable(float value) {
        int bits = Float.floatToIntBits(value + 0f);
        return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
    }

    double base() {
        return base;
    }

    List<Tree> trees() {
        return trees;
    }

    /** The number of features that a row must have at least. */
    int width() {
        return width;
    }

    /** The value for a row; its first numbers are the features. */
    public double predict(float[] row) {
        int[] keys = new int[width];
        for (int feature = 0; feature < width; feature++) {
            keys[feature] = sortable(row[feature]);
        }
        double sum = base;
        for (int i = 0; i < roots.length; i += INTERLEAVED) {
            int a = roots[i];
            int b = roots[i + 1];
            int c = roots[i + 2];
            int d = roots[i + 3];
            for (int depth = depths[i / INTERLEAVED]; depth > 0; depth--) {
                a = below(a, keys);
                b = below(b, keys);
                c = below(c, keys);
                d = below(d, keys);
            }
            sum += values[a / NODE];
            sum += values[b / NODE];
            sum += values[c / NODE];
            sum += values[d / NODE];
        }
        return sum;
    }

    /** The next node. The side is computed, as a branch would be predicted wrongly every other time. */
    private int below(int node, int[] keys) {
        long right = ((long) nodes[node + 1] - keys[nodes[node]]) >>> 63;
        return nodes[node + 2 + (int) right];
    }
}
