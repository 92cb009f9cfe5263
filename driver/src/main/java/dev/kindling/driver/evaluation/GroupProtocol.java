package dev.kindling.driver.evaluation;

import java.util.List;

/**
 * The protocol of an evaluation by group. For every number k of support rows the queries of a group are the same rows: those
 * after its first min(K, n - 1), where K is the largest number and n the number of rows of the group. The support rows are its
 * first min(k, n - 1) ones.
 *
 * @param split of the groups
 * @param groups number of evaluated groups
 * @param shorter number of evaluated groups of at most K rows, which are shown fewer than K
 * @param queries number of query rows of all groups
 * @param supportRows the numbers of support rows, ascending
 * @param classes names of the classes; empty for regression
 * @param trainingGroups number of training groups to which the baselines are fitted; 0 without baselines
 * @param seed of the sample of groups, and of the order of rows where the table has none
 */
public record GroupProtocol(
        String split,
        int groups,
        int shorter,
        int queries,
        List<Integer> supportRows,
        List<String> classes,
        int trainingGroups,
        long seed) {
    public GroupProtocol {
        supportRows = List.copyOf(supportRows);
        classes = List.copyOf(classes);
    }

    /** The largest number of support rows. */
    public int mostSupport() {
        return supportRows.get(supportRows.size() - 1);
    }
}
