package dev.kindling.driver.chaos;

import java.util.Locale;

/**
 * Records the outcome of a scenario as one row of the table.
 *
 * @param scenario name of the scenario
 * @param done the disturbance
 * @param times how often it was repeated
 * @param lost the rounds or the time that it cost
 * @param outcome {@link #SAME}, or the failure, or why the scenario was skipped
 */
record Row(String scenario, String done, int times, String lost, String outcome) {
    static final String SAME = "same bytes";

    static final String HEAD = "| scenario | what was done | times | what was lost | outcome |\n|---|---|---|---|---|";

    /** The row of a scenario that cannot be run on this machine. */
    static Row skipped(String scenario, String done, String why) {
        return new Row(scenario, done, 0, "-", "not tried: " + why);
    }

    /** Whether the scenario failed. */
    boolean failed() {
        return !outcome.equals(SAME) && !outcome.startsWith("not tried");
    }

    String line() {
        return String.format(Locale.ROOT, "| %s | %s | %d | %s | %s |", scenario, done, times, lost, outcome);
    }
}
