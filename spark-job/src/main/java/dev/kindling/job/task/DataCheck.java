package dev.kindling.job.task;

/**
 * The result of one check of a source's data.
 *
 * @param statement the property that was checked, as in {@code splits disjoint}
 * @param holds whether the data has the property
 * @param evidence a clause with the counts, or the first counterexample
 */
public record DataCheck(String statement, boolean holds, String evidence) {}
