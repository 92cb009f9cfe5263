package dev.kindling.job.task;

/**
 * One statement that {@code kindling check} examined, its verdict and the evidence.
 *
 * @param statement what is claimed, for example {@code splits disjoint}
 * @param evidence one clause: the measured numbers, the first counterexample, or why the check is inconclusive
 */
public record CheckResult(String statement, Verdict verdict, String evidence) {
    /** The outcome of a check. */
    public enum Verdict {
        /** The statement holds. */
        PASSED("passed"),
        /** A counterexample was found. */
        FAILED("FAILED"),
        /** No measurement decides whether the statement holds. */
        INCONCLUSIVE("inconclusive");

        private final String word;

        Verdict(String word) {
            this.word = word;
        }

        /** The verdict as the command line prints it. */
        public String word() {
            return word;
        }
    }

    /** The result of a check that was decided. */
    public CheckResult(String statement, boolean holds, String evidence) {
        this(statement, holds ? Verdict.PASSED : Verdict.FAILED, evidence);
    }

    /** Whether the check passed. */
    public boolean holds() {
        return verdict == Verdict.PASSED;
    }
}
