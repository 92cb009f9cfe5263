package dev.kindling.driver.cli;

import dev.kindling.driver.evaluation.GroupEvaluation;
import dev.kindling.driver.evaluation.GroupMeasure;
import dev.kindling.driver.evaluation.GroupProtocol;
import dev.kindling.driver.evaluation.GroupScores;
import dev.kindling.driver.evaluation.Interval;
import dev.kindling.driver.evaluation.PairedDifference;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/** Formats an evaluation by group as text: learning curves of models and baselines over the number of support rows. */
final class GroupTable {
    private final GroupEvaluation evaluation;
    private final List<Integer> support;
    private final List<String> lines = new ArrayList<>();

    private GroupTable(GroupEvaluation evaluation) {
        this.evaluation = evaluation;
        this.support = evaluation.protocol().supportRows();
    }

    /** The lines of the tables. */
    static List<String> lines(GroupEvaluation evaluation) {
        GroupTable table = new GroupTable(evaluation);
        table.protocol();
        table.curves();
        table.differences();
        evaluation.models().forEach(table::measures);
        return table.lines;
    }

    private void protocol() {
        GroupProtocol protocol = evaluation.protocol();
        lines.add(String.format(
                Locale.ROOT,
                "by group: %d query rows of %d %s groups, the same for every number of support rows: those after the first %d",
                protocol.queries(),
                protocol.groups(),
                protocol.split(),
                protocol.mostSupport()));
        if (protocol.shorter() > 0) {
            lines.add(String.format(
                    Locale.ROOT,
                    "%d of these groups have at most %d rows; they are shown all rows but one at most",
                    protocol.shorter(),
                    protocol.mostSupport()));
        }
        if (protocol.trainingGroups() > 0) {
            lines.add("the baselines are fitted to " + protocol.trainingGroups() + " training groups");
        }
        evaluation.notes().forEach(lines::add);
    }

    private void curves() {
        GroupMeasure measure = evaluation.shown();
        List<GroupScores> predictors = evaluation.predictors();
        lines.add(measure.key() + " over all query rows:");
        rows(predictors, 14, k -> scores -> number(scores.overRows(measure, k), measure));
        lines.add(measure.key() + " of a group (mean over groups with 95% interval):");
        rows(predictors, 18, k -> scores -> interval(scores.overGroups(measure, k), measure));
    }

    private void differences() {
        GroupMeasure measure = evaluation.shown();
        GroupScores first = evaluation.models().get(0);
        List<GroupScores> others =
                evaluation.predictors().subList(1, evaluation.predictors().size());
        if (!others.isEmpty()) {
            lines.add("difference of " + first.name()
                    + " to each other, group by group (below 0 is better; p of Wilcoxon's " + "signed-rank test):");
            rows(others, 28, k -> other -> paired(first.minus(other, measure, k), measure));
        }
    }

    private static String paired(PairedDifference difference, GroupMeasure measure) {
        return interval(difference.interval(), measure) + "; p "
                + (difference.wilcoxon() < 0.001
                        ? "< 0.001"
                        : String.format(Locale.ROOT, "%.3f", difference.wilcoxon()));
    }

    private void measures(GroupScores scores) {
        List<GroupMeasure> all = scores.measures().stream()
                .filter(measure -> measure != evaluation.shown())
                .toList();
        lines.add("other measures of " + scores.name() + " over all query rows:");
        add("support rows", all.stream().map(GroupMeasure::key), 12);
        for (int k = 0; k < support.size(); k++) {
            int entry = k;
            add(
                    support.get(k).toString(),
                    all.stream().map(measure -> number(scores.overRows(measure, entry), measure)),
                    12);
        }
    }

    private void rows(List<GroupScores> columns, int width, IntFunction<Function<GroupScores, String>> cells) {
        add("support rows", columns.stream().map(GroupScores::name), width);
        for (int k = 0; k < support.size(); k++) {
            add(support.get(k).toString(), columns.stream().map(cells.apply(k)), width);
        }
    }

    private void add(String first, Stream<String> cells, int width) {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%12s", first));
        cells.forEach(cell -> line.append(String.format(Locale.ROOT, "  %-" + width + "s", cell)));
        lines.add(line.toString().stripTrailing());
    }

    private static String interval(Interval interval, GroupMeasure measure) {
        return number(interval.mean(), measure) + " ± " + number(interval.ci95(), measure);
    }

    private static String number(double number, GroupMeasure measure) {
        return EvaluationTable.number(number, measure.isCoverage() || measure == GroupMeasure.ACCURACY);
    }
}
