package dev.kindling.driver.cli;

import dev.kindling.driver.evaluation.Comparison;
import dev.kindling.driver.evaluation.Contestant;
import dev.kindling.driver.evaluation.Interval;
import dev.kindling.driver.evaluation.Measure;
import dev.kindling.driver.evaluation.PairedDifference;
import dev.kindling.driver.evaluation.Protocol;
import dev.kindling.driver.evaluation.Scores;
import dev.kindling.driver.evaluation.Statistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;

/** A comparison as a person reads it: all entrants after each number of inner steps, how they differ, what they cost. */
final class ComparisonTable {
    private final Comparison comparison;
    private final Measure measure;
    private final List<String> lines = new ArrayList<>();

    private ComparisonTable(Comparison comparison) {
        this.comparison = comparison;
        this.measure = comparison.shown();
    }

    /** The lines of the table. */
    static List<String> lines(Comparison comparison, List<Contestant> contestants) {
        ComparisonTable table = new ComparisonTable(comparison);
        table.scores();
        table.differences();
        table.costs(contestants);
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
        List<Scores> all = comparison.scores();
        add("step", all.stream().map(Scores::name));
        ShownSteps.below(comparison.steps())
                .forEach(step -> add(Integer.toString(step), all.stream().map(each -> score(each, step))));
    }

    private String score(Scores scores, int step) {
        Statistics statistics = scores.statistics(measure, step);
        return interval(new Interval(statistics.mean(), statistics.ci95())) + "; " + number(statistics.median())
                + (statistics.diverged() > 0 ? "; " + statistics.diverged() + " diverged" : "");
    }

    private void differences() {
        Scores first = comparison.scores().get(0);
        List<Scores> others = comparison.scores().subList(1, comparison.scores().size());
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

    private void rows(List<Scores> others, IntFunction<Function<Scores, String>> cells) {
        add("step", others.stream().map(Scores::name));
        ShownSteps.below(comparison.steps())
                .forEach(step -> add(Integer.toString(step), others.stream().map(cells.apply(step))));
    }

    private String paired(PairedDifference difference) {
        return interval(difference.interval()) + "; p "
                + (difference.wilcoxon() < 0.001
                        ? "< 0.001"
                        : String.format(Locale.ROOT, "%.3f", difference.wilcoxon()))
                + (difference.leftOut() > 0 ? "; " + difference.leftOut() + " left out" : "");
    }

    private void costs(List<Contestant> contestants) {
        lines.add("");
        lines.add("what it cost (means over seeds):");
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
        for (Contestant each : contestants) {
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

    private static double mean(Contestant contestant, ToDoubleFunction<Contestant.Run> number) {
        return contestant.runs().stream().mapToDouble(number).average().orElse(Double.NaN);
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
