package dev.kindling.job.task;

/**
 * One statement about a source's tasks, whether it holds, and what was counted to know.
 *
 * @param statement what is claimed, as in {@code splits disjoint}
 * @param evidence one clause with the counts, or the first counterexample
 */
public record DataCheck(String statement, boolean holds, String evidence) {}
