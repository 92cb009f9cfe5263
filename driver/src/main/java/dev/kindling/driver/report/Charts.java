package dev.kindling.driver.report;

import static j2html.TagCreator.div;
import static j2html.TagCreator.span;
import static j2html.TagCreator.tbody;
import static j2html.TagCreator.td;
import static j2html.TagCreator.tr;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.checkpoint.Provenance;
import dev.kindling.driver.metrics.MetricsReader;
import j2html.TagCreator;
import j2html.tags.ContainerTag;
import j2html.tags.DomContent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/** Charts and tables that the pages have in common. */
final class Charts {
    private Charts() {}

    /**
     * A chart of a measure over the number of inner steps, with confidence bands.
     *
     * @param entrants the steps of each entrant by its name, in order
     */
    static Chart steps(String measure, Map<String, JsonNode> entrants) {
        int most = entrants.values().stream().mapToInt(JsonNode::size).max().orElse(0);
        double factor = measure.equals("accuracy") ? 100 : 1;
        List<Series> series = new ArrayList<>();
        List<String> descriptions = new ArrayList<>();
        entrants.forEach((name, steps) -> {
            double[] mean = scaled(extended(ReportedRun.steps(steps, measure, "mean"), most), factor);
            double[] half = scaled(extended(ReportedRun.steps(steps, measure, "ci95"), most), factor);
            series.add(Series.banded(name, counting(most), mean, half, LineStyle.of(series.size())));
            descriptions.add(name + " " + NumberFormat.text(mean[0]) + " before the first step and "
                    + NumberFormat.text(mean[most - 1]) + " after " + (most - 1));
        });
        if (entrants.size() == 1) {
            JsonNode steps = entrants.values().iterator().next();
            series.add(Series.of(
                    "median",
                    counting(most),
                    scaled(ReportedRun.steps(steps, measure, "median"), factor),
                    LineStyle.of(1)));
        }
        return Chart.of(
                measure.equals("accuracy") ? "Accuracy after each step" : "Loss after each step",
                "Means with 95% bands: " + String.join("; ", descriptions) + ".",
                "inner steps",
                measure.equals("accuracy") ? "accuracy, %" : "loss",
                series);
    }

    /** Extends the values of a method without inner steps, which are the same after any number of steps. */
    private static double[] extended(double[] numbers, int length) {
        double[] extended = Arrays.copyOf(numbers, length);
        Arrays.fill(extended, Math.min(numbers.length, length), length, numbers.length == 1 ? numbers[0] : Double.NaN);
        return extended;
    }

    private static double[] scaled(double[] numbers, double factor) {
        return Arrays.stream(numbers).map(number -> number * factor).toArray();
    }

    static double[] counting(int count) {
        return IntStream.range(0, count).asDoubleStream().toArray();
    }

    /** A table of an evaluation. */
    static DomContent table(JsonNode steps) {
        boolean percent = ReportedRun.measures(steps).get(0).equals("accuracy");
        List<String> head = new ArrayList<>(List.of("step", "loss", "median"));
        if (percent) {
            head.add("accuracy");
        }
        head.addAll(List.of("diverged", "worse"));
        List<List<String>> rows = new ArrayList<>();
        for (int step = 0; step < steps.size(); step++) {
            JsonNode loss = steps.get(step).path("loss");
            List<String> row = new ArrayList<>(
                    List.of(Integer.toString(step), interval(loss, 1), NumberFormat.text(number(loss, "median"))));
            if (percent) {
                row.add(interval(steps.get(step).path("accuracy"), 100) + " %");
            }
            row.add(loss.path("diverged").asText());
            row.add(loss.path("worsened").asText());
            rows.add(row);
        }
        return HtmlPage.rows(head, rows);
    }

    /** Mean and half-width of an interval, as text. */
    static String interval(JsonNode node, double factor) {
        double mean = number(node, "mean");
        return Double.isFinite(mean)
                ? NumberFormat.text(factor * mean) + " ± " + NumberFormat.text(factor * number(node, "ci95"))
                : "–";
    }

    /** A value as text: a number, a range or a string. */
    static String text(JsonNode value) {
        return value.isTextual() ? value.asText() : value.toString();
    }

    static double number(JsonNode node, String name) {
        return node.path(name).asDouble(Double.NaN);
    }

    /** Charts of loss, accuracy, norm of the meta-gradient and throughput over rounds. */
    static List<Chart> training(MetricsReader metrics) {
        double[] rounds = metrics.column("round");
        List<Chart> charts = new ArrayList<>();
        charts.add(curves(metrics, rounds, "loss", 1));
        if (metrics.has("query_accuracy")) {
            charts.add(curves(metrics, rounds, "accuracy", 100));
        }
        charts.add(single("Norm of the meta-gradient", "norm", rounds, metrics.column("meta_gradient_norm")));
        charts.add(single("Throughput", "tasks/s", rounds, metrics.column("tasks_per_second")));
        return charts;
    }

    private static Chart curves(MetricsReader metrics, double[] rounds, String measure, double factor) {
        double[] query = scaled(metrics.column("query_" + measure), factor);
        List<Series> series = new ArrayList<>();
        series.add(Series.thinned("query, after adaptation", rounds, query, LineStyle.of(0)));
        if (metrics.has("support_" + measure)) {
            series.add(Series.thinned(
                    "support, before adaptation",
                    rounds,
                    scaled(metrics.column("support_" + measure), factor),
                    LineStyle.of(1)));
        }
        if (metrics.has("validation_" + measure)) {
            double[] all = metrics.column("validation_" + measure);
            int[] present = IntStream.range(0, all.length)
                    .filter(i -> Double.isFinite(all[i]))
                    .toArray();
            series.add(Series.of(
                    "validation",
                    Arrays.stream(present).mapToDouble(i -> rounds[i]).toArray(),
                    Arrays.stream(present).mapToDouble(i -> factor * all[i]).toArray(),
                    LineStyle.of(2)));
        }
        return Chart.of(
                measure.equals("loss") ? "Loss of training tasks" : "Accuracy of training tasks",
                "Of single logged rounds; after adaptation from " + NumberFormat.text(query[0]) + " to "
                        + NumberFormat.text(query[query.length - 1]) + ".",
                "round",
                measure.equals("loss") ? "loss" : "accuracy, %",
                series);
    }

    private static Chart single(String title, String unit, double[] rounds, double[] numbers) {
        return Chart.of(
                title,
                "From " + NumberFormat.text(numbers[0]) + " to " + NumberFormat.text(numbers[numbers.length - 1]) + " "
                        + unit + ".",
                "round",
                unit,
                List.of(Series.thinned(title, rounds, numbers, LineStyle.of(0))));
    }

    /** A chart of each task's loss after adaptation over the loss before. */
    static Chart gain(AdaptationDiagnostics diagnostics) {
        DoubleSummaryStatistics before =
                Arrays.stream(diagnostics.before()).filter(Double::isFinite).summaryStatistics();
        double[] ends = {before.getMin(), before.getMax()};
        ChartAxis.Scale scale = ChartAxis.scaleFor(
                DoubleStream.concat(Arrays.stream(diagnostics.before()), Arrays.stream(diagnostics.after())));
        return new Chart(
                "Gain of each task",
                diagnostics.before().length + " test tasks; "
                        + NumberFormat.percent(diagnostics.gaining())
                        + " of them lie below the line of no gain.",
                "loss before the first step",
                "loss after " + diagnostics.steps() + (diagnostics.steps() == 1 ? " step" : " steps"),
                List.of(
                        Series.of("no gain", ends, ends, LineStyle.of(1).plain()),
                        Series.points("a task", diagnostics.before(), diagnostics.after(), LineStyle.of(0))),
                scale,
                scale,
                new double[0]);
    }

    /** A table of the parts of a whole, with bars. */
    static DomContent bars(Map<String, Double> parts, double whole) {
        ContainerTag<?> rows = tbody();
        parts.forEach((part, value) -> {
            if (Double.isFinite(value)) {
                rows.with(tr(
                        td(part),
                        td(NumberFormat.text(value) + " ms"),
                        td(String.format(Locale.ROOT, "%.1f%%", 100 * value / whole)),
                        td(div(span().withClass("bar")
                                        .withStyle(String.format(Locale.ROOT, "width:%.1f%%", 100 * value / whole)))
                                .withStyle("width:110px"))));
            }
        });
        return TagCreator.table(rows);
    }

    static DomContent provenance(Provenance provenance) {
        return HtmlPage.rows(
                List.of("what", "value"),
                List.of(
                        List.of("Kindling", provenance.kindling()),
                        List.of("commit", provenance.commit()),
                        List.of("program hash", provenance.programHash()),
                        List.of("data hash", provenance.dataHash()),
                        List.of("backend", provenance.backend()),
                        List.of("Java", provenance.java()),
                        List.of("system", provenance.os() + ", " + provenance.architecture())));
    }
}
