package dev.kindling.driver.report;

import static j2html.TagCreator.tag;

import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.TaskSpec;
import j2html.tags.ContainerTag;
import j2html.tags.DomContent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Charts of curve-fitting tasks: support points, target curve, and predictions after some numbers of inner steps. */
final class CurveFitFigures {
    private static final String SIDE = "sinusoid.side";
    private static final List<Integer> STEPS = List.of(0, 1, 5, 10);
    private static final int TASKS = 3;
    /** Number of tasks that are drawn over each other. */
    private static final int MANY = 1000;
    /** Number of points of each of their curves. */
    private static final int COARSE = 34;

    private CurveFitFigures() {}

    /** The first test tasks, and one with one-sided support if the source has that setting. */
    static List<Chart> of(ModelProbe probe) {
        List<Chart> charts = new ArrayList<>(charts(probe, TASKS, "Test task"));
        if (probe.plan().job().source().settings().containsKey(SIDE)) {
            try (ModelProbe oneSided = probe.with(List.of(SIDE + "=one"))) {
                charts.addAll(charts(oneSided, 1, "One-sided task"));
            }
        }
        return charts;
    }

    /** The first tasks of a probe. */
    static List<Chart> charts(ModelProbe probe, int tasks, String name) {
        List<TaskSpec> specs = probe.tasks(tasks);
        ModelProbe.Outputs episodes = probe.episodes(specs);
        ModelProbe.Outputs predictions = probe.predictions(specs);
        return IntStream.range(0, specs.size())
                .mapToObj(task -> chart(
                        tasks == 1 ? name : name + " " + (task + 1),
                        episodes.of(task, EpisodeLayout.QUERY_Y),
                        probe.coordinates(episodes, task, EpisodeLayout.QUERY_X),
                        Series.points(
                                "support",
                                probe.coordinates(episodes, task, EpisodeLayout.SUPPORT_X),
                                episodes.of(task, EpisodeLayout.SUPPORT_Y),
                                LineStyle.POINTS),
                        predictions.of(task, "prediction")))
                .toList();
    }

    /**
     * The chart of one task.
     *
     * @param y the target at each x
     * @param predictions at each x, after 0, 1, ... steps
     */
    private static Chart chart(String name, double[] y, double[] x, Series support, double[] predictions) {
        int[] order = order(x);
        double[] sortedX = sorted(x, order);
        double[] target = sorted(y, order);
        List<Series> series = new ArrayList<>();
        series.add(Series.of("target", sortedX, target, LineStyle.TARGET));
        StringBuilder errors = new StringBuilder();
        int drawn = 0;
        for (int step : STEPS) {
            if (step < predictions.length / x.length) {
                double[] predicted =
                        sorted(Arrays.copyOfRange(predictions, step * x.length, (step + 1) * x.length), order);
                series.add(Series.of(
                        steps(step), sortedX, predicted, LineStyle.of(drawn++).plain()));
                errors.append(errors.isEmpty() ? "" : ", ")
                        .append(NumberFormat.text(meanSquare(predicted, target)))
                        .append(" after ")
                        .append(step);
            }
        }
        series.add(support);
        String alternative = String.format(
                Locale.ROOT,
                "A curve between %s and %s, %d support points from x = %s to %s, and predictions: mean squared error %s steps.",
                NumberFormat.text(Arrays.stream(target).min().orElse(Double.NaN)),
                NumberFormat.text(Arrays.stream(target).max().orElse(Double.NaN)),
                support.x().length,
                NumberFormat.text(Arrays.stream(support.x()).min().orElse(Double.NaN)),
                NumberFormat.text(Arrays.stream(support.x()).max().orElse(Double.NaN)),
                errors);
        return new Chart(name, alternative, "x", "y", series, ChartAxis.Scale.LINEAR);
    }

    private static String steps(int step) {
        return step == 1 ? "after 1 step" : "after " + step + " steps";
    }

    private static double meanSquare(double[] a, double[] b) {
        return IntStream.range(0, a.length)
                .mapToDouble(i -> (a[i] - b[i]) * (a[i] - b[i]))
                .average()
                .orElse(Double.NaN);
    }

    private static int[] order(double[] x) {
        return IntStream.range(0, x.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> x[i]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static double[] sorted(double[] numbers, int[] order) {
        return Arrays.stream(order).mapToDouble(i -> numbers[i]).toArray();
    }

    /**
     * The target curves of many test tasks with the same query inputs.
     *
     * @param x the inputs
     * @param targets of each task
     */
    record TargetCurves(double[] x, List<double[]> targets) {
        /** The mean of all curves: the best prediction that is the same for all tasks. */
        double[] mean() {
            double[] mean = new double[x.length];
            targets.forEach(target -> Arrays.setAll(mean, i -> mean[i] + target[i] / targets.size()));
            return mean;
        }
    }

    /** The curves of a thousand test tasks; none if their query inputs differ. */
    static TargetCurves targetCurves(ModelProbe probe) {
        List<TaskSpec> specs = probe.manyTasks(MANY);
        ModelProbe.Outputs episodes = probe.episodes(specs);
        int count = specs.size();
        double[] x = probe.coordinates(episodes, 0, EpisodeLayout.QUERY_X);
        boolean same = IntStream.range(1, count)
                .allMatch(task -> Arrays.equals(x, probe.coordinates(episodes, task, EpisodeLayout.QUERY_X)));
        return new TargetCurves(
                x,
                same
                        ? IntStream.range(0, count)
                                .mapToObj(task -> episodes.of(task, EpisodeLayout.QUERY_Y))
                                .toList()
                        : List.of());
    }

    /** A chart of many tasks with their mean and the model's prediction before adaptation. */
    static DomContent overlay(TargetCurves curves, ModelProbe probe) {
        double[] before = Arrays.copyOf(probe.predictions(probe.tasks(1)).of(0, "prediction"), curves.x().length);
        double[] mean = curves.mean();
        Series meanLine =
                Series.of("mean of the tasks", curves.x(), mean, LineStyle.of(0).plain());
        Series beforeLine = Series.of(
                "prediction before any step",
                curves.x(),
                before,
                LineStyle.of(1).plain());
        double most = curves.targets().stream()
                .flatMapToDouble(Arrays::stream)
                .map(Math::abs)
                .max()
                .orElse(1);
        String title = curves.targets().size() + " test tasks laid over each other";
        String alternative = "All curves between " + NumberFormat.text(-most) + " and " + NumberFormat.text(most)
                + "; their mean lies between "
                + NumberFormat.text(Arrays.stream(mean).min().orElse(0)) + " and "
                + NumberFormat.text(Arrays.stream(mean).max().orElse(0))
                + ", and the prediction before any step differs from it by "
                + NumberFormat.text(Math.sqrt(meanSquare(mean, before))) + " (root mean square).";
        Chart chart = new Chart(
                title,
                alternative,
                "x",
                "y",
                List.of(meanLine, beforeLine),
                ChartAxis.Scale.LINEAR,
                ChartAxis.Scale.LINEAR,
                new double[] {-most, most});
        ContainerTag<?> paths =
                tag("g").attr("fill", "none").attr("stroke", "#555555").attr("stroke-opacity", "0.07");
        curves.targets().forEach(target -> paths.with(tag("path").attr("d", coarse(chart, curves.x(), target))));
        return HtmlPage.chart(chart, chart.svg(paths));
    }

    private static String coarse(Chart chart, double[] x, double[] y) {
        int points = Math.min(COARSE, x.length);
        double[] fewX = new double[points];
        double[] fewY = new double[points];
        for (int i = 0; i < points; i++) {
            int at = points == 1 ? 0 : (int) Math.round((double) i * (x.length - 1) / (points - 1));
            fewX[i] = x[at];
            fewY[i] = y[at];
        }
        return chart.path(Series.of("", fewX, fewY, LineStyle.TARGET));
    }
}
