package dev.kindling.driver.check;

/** What became of a statement. */
public enum Verdict {
    PROVED("proved"),
    FAILED("FAILED"),
    /** Nothing that could be measured decides it. */
    INCONCLUSIVE("inconclusive");

    private final String word;

    Verdict(String word) {
        this.word = word;
    }

    static Verdict of(boolean holds) {
        return holds ? PROVED : FAILED;
    }

    /** As the command prints it. */
    public String word() {
        return word;
    }
}
