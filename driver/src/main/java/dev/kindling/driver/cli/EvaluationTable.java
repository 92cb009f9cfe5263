package dev.kindling.driver.cli;

import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.Statistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Formats an evaluation as text: a line per number of inner steps, with the untrained network for comparison. */
final class EvaluationTable {
    /** Losses below this are printed in scientific notation: four decimals would have too few significant digits. */
    private static final double SMALL = 0.001;

    private static final double LARGE = 1e6;

    /** The most episodes of which each is printed. */
    private static final int EPISODES = 50;

    private EvaluationTable() {}

    /** The lines of the table for a trained model and an untrained one, which may have been evaluated on the first tasks alone. */
    static List<String> lines(Evaluation trained, Evaluation untrained) {
        boolean classes = trained.steps().get(0).accuracy().isPresent();
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT,
                "%s of %d %s tasks of %s (mean with 95%% interval):",
                classes ? "accuracy" : "loss",
                trained.protocol().tasks(),
                trained.protocol().split(),
                trained.protocol().source()));
        int first = untrained.protocol().tasks();
        lines.add(line(
                "step",
                "meta-trained",
                "median",
                "diverged",
                first == trained.protocol().tasks() ? "untrained" : "untrained (first " + first + " tasks)"));
        StepSelection.below(trained.steps().size()).forEach(step -> {
            Statistics ours = shown(trained.steps().get(step));
            Statistics theirs = shown(untrained.steps().get(step));
            lines.add(line(
                    Integer.toString(step),
                    interval(ours, classes),
                    number(ours.median(), classes),
                    Integer.toString(trained.steps().get(step).loss().diverged()),
                    interval(theirs, classes)));
        });
        int last = trained.steps().size() - 1;
        trained.step(last)
                .rmse()
                .ifPresent(rmse -> lines.add(String.format(
                        Locale.ROOT,
                        "root mean squared error over all queries, in the label's units: %s after %d steps, %s after none",
                        number(rmse, false),
                        last,
                        number(trained.step(0).rmse().orElseThrow(), false))));
        return lines;
    }

    /** A line for each given episode, its measure after the last step; none if tasks were drawn. */
    static List<String> episodes(Evaluation evaluation) {
        List<String> lines = new ArrayList<>();
        evaluation
                .tasks()
                .filter(results -> evaluation.protocol().episodes().isPresent())
                .ifPresent(results -> {
                    int step = results.steps() - 1;
                    boolean classes = evaluation.steps().get(step).accuracy().isPresent();
                    lines.add((classes ? "accuracy" : "loss") + " of each episode after step " + step + ":");
                    for (int task = 0; task < Math.min(results.tasks(), EPISODES); task++) {
                        double measure = results.accuracy(task, step).orElse(results.loss(task, step));
                        lines.add(String.format(
                                Locale.ROOT,
                                "%10s  %s",
                                number(measure, classes),
                                results.name(task).orElseThrow()));
                    }
                    if (results.tasks() > EPISODES) {
                        lines.add("and " + (results.tasks() - EPISODES) + " more in evaluation.json");
                    }
                });
        return lines;
    }

    private static Statistics shown(Evaluation.Step step) {
        return step.accuracy().orElse(step.loss());
    }

    private static String line(String step, String trained, String median, String diverged, String untrained) {
        return String.format(Locale.ROOT, "%6s  %-20s %-10s %-9s %s", step, trained, median, diverged, untrained);
    }

    private static String interval(Statistics statistics, boolean percent) {
        return number(statistics.mean(), percent) + " ± " + number(statistics.ci95(), percent);
    }

    static String number(double number, boolean percent) {
        if (!Double.isFinite(number)) {
            return "-";
        }
        if (percent) {
            return String.format(Locale.ROOT, "%.2f%%", 100 * number);
        }
        double size = Math.abs(number);
        return String.format(Locale.ROOT, (size < SMALL && number != 0) || size >= LARGE ? "%.2e" : "%.4f", number);
    }
}
