package dev.kindling.driver.chaos;

import java.util.Locale;

/**
 * A line of the table.
 *
 * @param scenario its name
 * @param done what was done to the run
 * @param times how often
 * @param lost what it cost
 * @param outcome {@link #SAME}, or what went wrong, or why it was not tried
 */
record Row(String scenario, String done, int times, String lost, String outcome) {
    static final String SAME = "same bytes";

    static final String HEAD = "| scenario | what was done | times | what was lost | outcome |\n|---|---|---|---|---|";

    /** A scenario that this machine does not allow. */
    static Row skipped(String scenario, String done, String why) {
        return new Row(scenario, done, 0, "-", "not tried: " + why);
    }

    /** Whether it shows a fault. */
    boolean failed() {
        return !outcome.equals(SAME) && !outcome.startsWith("not tried");
    }

    String line() {
        return String.format(Locale.ROOT, "| %s | %s | %d | %s | %s |", scenario, done, times, lost, outcome);
    }
}
