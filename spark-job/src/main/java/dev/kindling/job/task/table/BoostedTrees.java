package dev.kindling.job.task.table;

import java.io.Serializable;
import java.util.List;

/** A constant plus a sum of regression trees over a row's features, as gradient boosting fits them. Immutable. */
public final class BoostedTrees {
    private final double base;
    private final List<Tree> trees;

    // The splits and leaves of all trees one after another, for predictions.
    private final int[] roots;
    private final int[] features;
    private final float[] thresholds;
    private final int[] left;
    private final int[] right;
    private final float[] values;

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
        int splits = trees.stream().mapToInt(tree -> tree.features().length).sum();
        this.roots = new int[trees.size()];
        this.features = new int[splits];
        this.thresholds = new float[splits];
        this.left = new int[splits];
        this.right = new int[splits];
        this.values = new float[splits + trees.size()];
        int firstSplit = 0;
        int firstLeaf = 0;
        for (int i = 0; i < roots.length; i++) {
            Tree tree = trees.get(i);
            int count = tree.features().length;
            roots[i] = count == 0 ? ~firstLeaf : firstSplit;
            System.arraycopy(tree.features(), 0, features, firstSplit, count);
            System.arraycopy(tree.thresholds(), 0, thresholds, firstSplit, count);
            System.arraycopy(tree.values(), 0, values, firstLeaf, count + 1);
            for (int split = 0; split < count; split++) {
                left[firstSplit + split] = moved(tree.left()[split], firstSplit, firstLeaf);
                right[firstSplit + split] = moved(tree.right()[split], firstSplit, firstLeaf);
            }
            firstSplit += count;
            firstLeaf += count + 1;
        }
    }

    private static int moved(int node, int firstSplit, int firstLeaf) {
        return node >= 0 ? node + firstSplit : ~(~node + firstLeaf);
    }

    double base() {
        return base;
    }

    List<Tree> trees() {
        return trees;
    }

    /** The number of features that a row must have at least. */
    int width() {
        int width = 0;
        for (int feature : features) {
            width = Math.max(width, feature + 1);
        }
        return width;
    }

    /** The value for a row; its first numbers are the features. */
    public double predict(float[] row) {
        double sum = base;
        for (int root : roots) {
            int node = root;
            while (node >= 0) {
                node = row[features[node]] <= thresholds[node] ? left[node] : right[node];
            }
            sum += values[~node];
        }
        return sum;
    }
}
