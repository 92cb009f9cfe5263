package dev.kindling.driver.cli;

import dev.kindling.driver.run.ClusterProvider;
import dev.kindling.driver.run.RunContext;
import dev.kindling.job.task.PrintableText;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * What a command finds around it.
 *
 * @param clusters that runs rounds
 * @param out where results go
 * @param clock of names
 * @param terminal whether a person watches {@code out} on a terminal
 * @param signals of the operating system
 */
record CommandContext(
        ClusterProvider clusters, PrintWriter out, InstantSource clock, boolean terminal, Signals signals) {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    /** The present moment as names of run directories write it. */
    String stamp() {
        Instant now = clock.instant();
        return STAMP.format(now);
    }

    /** What a run needs of the command line. */
    RunContext run() {
        return new RunContext(
                clusters,
                clock,
                this::say,
                (from, rounds) -> Progress.on(this, from, rounds),
                result -> EvaluationTable.lines(result.trained(), result.untrained())
                        .forEach(this::say));
    }

    /** Prints a line, whatever is in the names that it holds. */
    void say(String line) {
        out.println(PrintableText.line(line));
        out.flush();
    }
}
