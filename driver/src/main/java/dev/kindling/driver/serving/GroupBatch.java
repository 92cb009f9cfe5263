package dev.kindling.driver.serving;

import java.util.Arrays;

/**
 * Encoded rows of groups that {@link GroupPredictor} predicts together: for each group its support rows and its queries. Adding
 * rows to arrays that have grown once allocates nothing. Mutable, used for one batch after another; not thread-safe.
 */
public final class GroupBatch {
    private static final int INITIAL_ROWS = 256;

    private final int width;
    private float[] supportX;
    private float[] supportY = new float[INITIAL_ROWS];
    private float[] supportWeights = new float[INITIAL_ROWS];
    private float[] queryX;
    /** For each group, the number of support rows and of queries of the groups before it. */
    private int[] supportStarts = new int[INITIAL_ROWS];

    private int[] queryStarts = new int[INITIAL_ROWS];
    private int groups;
    private int supports;
    private int queries;

    /** An empty batch of rows with inputs of the given number of elements. */
    public GroupBatch(int width) {
        this.width = width;
        this.supportX = new float[INITIAL_ROWS * width];
        this.queryX = new float[INITIAL_ROWS * width];
    }

    /** Removes all groups. */
    public void clear() {
        groups = 0;
        supports = 0;
        queries = 0;
    }

    /** Removes all groups but the last one, of which the support rows are retained and the queries removed. */
    public void retainLastSupport() {
        int first = supportStarts[groups - 1];
        int count = supports - first;
        System.arraycopy(supportX, first * width, supportX, 0, count * width);
        System.arraycopy(supportY, first, supportY, 0, count);
        System.arraycopy(supportWeights, first, supportWeights, 0, count);
        clear();
        begin();
        supports = count;
    }

    /** Begins a group without rows. */
    public void begin() {
        if (groups == supportStarts.length) {
            supportStarts = Arrays.copyOf(supportStarts, 2 * groups);
            queryStarts = Arrays.copyOf(queryStarts, 2 * groups);
        }
        supportStarts[groups] = supports;
        queryStarts[groups] = queries;
        groups++;
    }

    /**
     * Adds a support row to the group that was begun last.
     *
     * @param x its input, which is copied
     * @param target the encoded target, or the number of the class
     * @param weight above 0
     */
    public void addSupport(float[] x, float target, float weight) {
        if (supports == supportY.length) {
            supportX = Arrays.copyOf(supportX, 2 * supportX.length);
            supportY = Arrays.copyOf(supportY, 2 * supports);
            supportWeights = Arrays.copyOf(supportWeights, 2 * supports);
        }
        System.arraycopy(x, 0, supportX, supports * width, width);
        supportY[supports] = target;
        supportWeights[supports] = weight;
        supports++;
    }

    /**
     * Adds a query to the group that was begun last.
     *
     * @param x its input, which is copied
     * @return its index among the queries of the batch, which is that of its prediction
     */
    public int addQuery(float[] x) {
        if ((queries + 1) * width > queryX.length) {
            queryX = Arrays.copyOf(queryX, 2 * queryX.length);
        }
        System.arraycopy(x, 0, queryX, queries * width, width);
        return queries++;
    }

    /** The number of groups. */
    public int groups() {
        return groups;
    }

    /** The number of queries of all groups. */
    public int queries() {
        return queries;
    }

    /** The number of queries of the group that was begun last. */
    public int lastQueries() {
        return groups == 0 ? 0 : queries - queryStarts[groups - 1];
    }

    int width() {
        return width;
    }

    int firstSupport(int group) {
        return supportStarts[group];
    }

    int supports(int group) {
        return (group + 1 < groups ? supportStarts[group + 1] : supports) - supportStarts[group];
    }

    int firstQuery(int group) {
        return queryStarts[group];
    }

    int queries(int group) {
        return (group + 1 < groups ? queryStarts[group + 1] : queries) - queryStarts[group];
    }

    float[] supportX() {
        return supportX;
    }

    float[] supportY() {
        return supportY;
    }

    float[] supportWeights() {
        return supportWeights;
    }

    float[] queryX() {
        return queryX;
    }
}
