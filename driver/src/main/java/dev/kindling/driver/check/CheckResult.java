package dev.kindling.driver.check;

/**
 * One statement about a configuration and what became of it.
 *
 * @param statement what is claimed, as in {@code θ moves}
 * @param evidence one clause with the numbers, the first counterexample, or why it is undecided
 */
public record CheckResult(String statement, Verdict verdict, String evidence) {
    CheckResult(String statement, boolean holds, String evidence) {
        this(statement, Verdict.of(holds), evidence);
    }

    /** Whether the statement is proved. */
    public boolean holds() {
        return verdict == Verdict.PROVED;
    }
}
