package dev.kindling.driver.cli;

import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.run.ClusterProvider;
import dev.kindling.driver.run.RunContext;
import dev.kindling.job.task.PrintableText;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * The environment of a command: clusters, output, clock and signals.
 *
 * @param clusters provides the clusters that run rounds
 * @param out receives results and messages
 * @param clock gives the time for names of run directories
 * @param terminal whether {@code out} is a terminal
 * @param signals handles the operating system's signals
 */
record CommandContext(
        ClusterProvider clusters, PrintWriter out, InstantSource clock, boolean terminal, Signals signals) {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    /** The current time in UTC in the format of run directory names. */
    String stamp() {
        Instant now = clock.instant();
        return STAMP.format(now);
    }

    /** The context of a run that prints to this command's output. */
    RunContext run() {
        return new RunContext(
                clusters, clock, this::print, (from, rounds) -> Progress.on(this, from, rounds), result -> {
                    result.trained()
                            .ifPresent(
                                    trained -> print(trained, result.untrained().orElseThrow()));
                });
    }

    private void print(Evaluation trained, Evaluation untrained) {
        EvaluationTable.lines(trained, untrained).forEach(this::print);
        trained.groups().map(GroupTable::lines).ifPresent(lines -> lines.forEach(this::print));
    }

    /** Prints a line, with unprintable characters escaped: it may hold names from files. */
    void print(String line) {
        out.println(PrintableText.line(line));
        out.flush();
    }
}
