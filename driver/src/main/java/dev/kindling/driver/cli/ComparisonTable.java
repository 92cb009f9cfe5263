package dev.kindling.driver.cli;

import dev.kindling.driver.evaluation.Comparison;
import dev.kindling.driver.evaluation.EntrantScores;
import dev.kindling.driver.evaluation.EntrantSummary;
import dev.kindling.driver.evaluation.Interval;
import dev.kindling.driver.evaluation.Measure;
import dev.kindling.driver.evaluation.PairedDifference;
import dev.kindling.driver.evaluation.Protocol;
import dev.kindling.driver.evaluation.Statistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/**
 * Formats a comparison as text: the scores of all entrants by number of inner steps, their paired differences to the
 * first entrant, and their training costs.
 */
final class ComparisonTable {
    private final Comparison comparison;
    private final Measure measure;
    private final List<String> lines = new ArrayList<>();

    private ComparisonTable(Comparison comparison) {
        this.comparison = comparison;
        this.measure = comparison.shown();
    }

    /** The lines of the table. */
    static List<String> lines(Comparison comparison, List<EntrantSummary> entrants) {
        ComparisonTable table = new ComparisonTable(comparison);
        table.scores();
        table.differences();
        table.costs(entrants);
        return table.lines;
    }

    private void scores() {
        Protocol protocol = comparison.protocol();
        lines.add(String.format(
                Locale.ROOT,
                "%s of the same %d %s tasks of %s (mean with 95%% interval over finite tasks; median):",
                measure.key(),
                protocol.tasks(),
                protocol.split(),
                protocol.source()));
        List<EntrantScores> all = comparison.scores();
        add("step", all.stream().map(EntrantScores::name));
        StepSelection.below(comparison.steps())
                .forEach(step -> add(Integer.toString(step), all.stream().map(each -> score(each, step))));
    }

    private String score(EntrantScores scores, int step) {
        Statistics statistics = scores.statistics(measure, step);
        return interval(new Interval(statistics.mean(), statistics.ci95())) + "; " + number(statistics.median())
                + (statistics.diverged() > 0 ? "; " + statistics.diverged() + " diverged" : "");
    }

    private void differences() {
        EntrantScores first = comparison.scores().get(0);
        List<EntrantScores> others =
                comparison.scores().subList(1, comparison.scores().size());
        lines.add("");
        lines.add("difference to " + first.name() + ", task by task (" + (measure == Measure.LOSS ? "below" : "above")
                + " 0 is better; p of Wilcoxon's signed-rank test):");
        rows(others, step -> each -> paired(each.minus(first, measure, step)));
        if (first.seeds() > 1) {
            lines.add("");
            lines.add("the same over seeds (mean of " + first.seeds() + " paired seeds with 95% interval):");
            rows(others, step -> each -> interval(each.minusOverSeeds(first, measure, step)));
        }
    }

    private void rows(List<EntrantScores> others, IntFunction<Function<EntrantScores, String>> cells) {
        add("step", others.stream().map(EntrantScores::name));
        StepSelection.below(comparison.steps())
                .forEach(step -> add(Integer.toString(step), others.stream().map(cells.apply(step))));
    }

    private String paired(PairedDifference difference) {
        return interval(difference.interval()) + "; p "
                + (difference.wilcoxon() < 0.001
                        ? "< 0.001"
                        : String.format(Locale.ROOT, "%.3f", difference.wilcoxon()))
                + (difference.leftOut() > 0 ? "; " + difference.leftOut() + " left out" : "");
    }

    private void costs(List<EntrantSummary> entrants) {
        lines.add("");
        lines.add("training cost (means over seeds):");
        lines.add(String.format(
                Locale.ROOT,
                "  %-16s %10s %12s %10s %10s %12s %14s",
                "entrant",
                "rounds",
                "training s",
                "ms/round",
                "tasks/s",
                "θ bytes",
                "bytes/round"));
        for (EntrantSummary each : entrants) {
            lines.add(String.format(
                    Locale.ROOT,
                    "  %-16s %10s %12s %10s %10s %12d %14s",
                    each.name(),
                    shown(mean(each, run -> (double) run.cost().rounds()), 0),
                    shown(mean(each, run -> run.cost().seconds()), 1),
                    shown(mean(each, run -> run.cost().roundMilliseconds()), 3),
                    shown(mean(each, run -> run.cost().tasksPerSecond()), 0),
                    each.bytes(),
                    shown(mean(each, run -> run.cost().bytesOut() + run.cost().bytesIn()), 0)));
        }
    }

    private static double mean(EntrantSummary entrant, ToDoubleFunction<EntrantSummary.Run> number) {
        return entrant.runs().stream().mapToDouble(number).average().orElse(Double.NaN);
    }

    private static String shown(double number, int digits) {
        return Double.isFinite(number) ? String.format(Locale.ROOT, "%." + digits + "f", number) : "-";
    }

    private void add(String step, Stream<String> cells) {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%6s", step));
        cells.forEach(cell -> line.append(String.format(Locale.ROOT, "  %-40s", cell)));
        lines.add(line.toString().stripTrailing());
    }

    private String interval(Interval interval) {
        return Double.isNaN(interval.mean()) ? "-" : number(interval.mean()) + " ± " + number(interval.ci95());
    }

    private String number(double number) {
        return EvaluationTable.number(number, measure == Measure.ACCURACY);
    }
}
