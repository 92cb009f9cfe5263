package dev.kindling.driver.check;

/**
 * One statement about a configuration and whether it holds.
 *
 * @param statement what is claimed, as in {@code θ moves}
 * @param evidence one clause with the numbers, or the first counterexample
 */
public record Proof(String statement, boolean holds, String evidence) {}
