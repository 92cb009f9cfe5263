package dev.kindling.driver.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.metrics.MetricsReader;
import dev.kindling.driver.storage.AtomicDirectory;
import j2html.tags.DomContent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/** Renders the HTML page of a comparison. */
public final class ComparisonReport {
    /** The result file of a comparison. */
    public static final String RESULT = "compare.json";

    private static final int FITS = 2;

    /**
     * An entrant of the comparison.
     *
     * @param run of its first seed
     * @param probe of the same run's model; without one the page shows no fits of this entrant
     */
    public record ReportedEntrant(ReportedRun run, Optional<ModelProbe> probe) {}

    private final JsonNode comparison;
    private final Map<String, ReportedEntrant> entrants;
    private final HtmlPage page;

    private ComparisonReport(String name, JsonNode comparison, Map<String, ReportedEntrant> entrants) {
        this.comparison = comparison;
        this.entrants = entrants;
        JsonNode protocol = comparison.path("protocol");
        this.page = new HtmlPage(
                "Comparison " + name,
                all().stream().map(entrant -> entrant.path("name").asText()).collect(Collectors.joining(", "))
                        + " on the same "
                        + protocol.path("tasks").asText() + " "
                        + protocol.path("split").asText() + " tasks of "
                        + protocol.path("source").asText() + ".");
    }

    /** Reads {@code compare.json}; BadDataException if it is damaged. */
    public static JsonNode read(AtomicDirectory folder) {
        return ReportedRun.json(folder, RESULT);
    }

    /**
     * Renders the page.
     *
     * @param comparison content of {@code compare.json}
     * @param entrants the entrants with runs by name, in the comparison's order
     */
    public static String html(String name, JsonNode comparison, Map<String, ReportedEntrant> entrants) {
        ComparisonReport report = new ComparisonReport(name, comparison, entrants);
        report.scores();
        report.differences();
        GroupFigures.addTo(report.page, comparison.path("groups"));
        report.training();
        report.fits();
        report.costs();
        report.protocol();
        return report.page.render();
    }

    private static List<JsonNode> list(JsonNode node) {
        return StreamSupport.stream(node.spliterator(), false).toList();
    }

    private List<JsonNode> all() {
        return list(comparison.path("entrants"));
    }

    private void scores() {
        Map<String, JsonNode> steps = new LinkedHashMap<>();
        all().forEach(entrant -> steps.put(entrant.path("name").asText(), entrant.path("steps")));
        List<String> measures = measures();
        List<DomContent> content = new ArrayList<>(HtmlPage.charts(
                measures.stream().map(measure -> Charts.steps(measure, steps)).toList()));
        for (String measure : measures) {
            double factor = factor(measure);
            List<List<String>> rows = new ArrayList<>();
            for (int step = 0; step < most(); step++) {
                for (JsonNode entrant : all()) {
                    JsonNode found = entrant.path("steps").path(step).path(measure);
                    if (!found.isMissingNode()) {
                        rows.add(List.of(
                                Integer.toString(step),
                                entrant.path("name").asText(),
                                Charts.interval(found, factor),
                                NumberFormat.text(factor * Charts.number(found, "median")),
                                Integer.toString(found.path("diverged").asInt())));
                    }
                }
            }
            content.add(HtmlPage.details(
                    "The numbers: " + unit(measure),
                    HtmlPage.rows(List.of("step", "entrant", "mean of finite tasks", "median", "diverged"), rows)));
        }
        page.section("Error after each step", content);
    }

    private List<String> measures() {
        return all().stream().allMatch(entrant -> entrant.path("steps").path(0).has("accuracy"))
                ? List.of("accuracy", "loss")
                : List.of("loss");
    }

    private static double factor(String measure) {
        return measure.equals("accuracy") ? 100 : 1;
    }

    private static String unit(String measure) {
        return measure.equals("accuracy") ? "accuracy, %" : "loss";
    }

    private int most() {
        return all().stream()
                .mapToInt(entrant -> entrant.path("steps").size())
                .max()
                .orElse(0);
    }

    private void differences() {
        String first = all().get(0).path("name").asText();
        List<JsonNode> pairs = list(comparison.path("differences"));
        List<Chart> charts = new ArrayList<>();
        for (String measure : measures()) {
            for (JsonNode pair : pairs) {
                if (pair.path("minus").asText().equals(first)) {
                    // The first entrant has the first style.
                    charts.add(difference(pair, measure, LineStyle.of(charts.size() % (all().size() - 1) + 1)));
                }
            }
        }
        List<DomContent> content = new ArrayList<>(HtmlPage.charts(charts));
        pairs.forEach(pair -> content.add(pair(pair)));
        page.section("Paired differences", content);
    }

    private static Chart difference(JsonNode pair, String measure, LineStyle style) {
        double[] mean = times(ReportedRun.steps(pair.path("steps"), measure, "mean"), factor(measure));
        double[] half = times(ReportedRun.steps(pair.path("steps"), measure, "ci95"), factor(measure));
        int last = mean.length - 1;
        String name = pair.path("entrant").asText() + " − " + pair.path("minus").asText();
        boolean loss = measure.equals("loss");
        return new Chart(
                name + ", " + measure,
                "Mean of the differences of the tasks with its 95% band: " + NumberFormat.text(mean[0])
                        + " before the first step, " + NumberFormat.text(mean[last]) + " ± "
                        + NumberFormat.text(half[last])
                        + " after " + last + ". " + (loss ? "Below" : "Above") + " 0 is better.",
                "inner steps",
                unit(measure) + (loss ? ", below 0 is better" : ", above 0 is better"),
                List.of(Series.banded(name, Charts.counting(mean.length), mean, half, style)),
                ChartAxis.Scale.LINEAR,
                ChartAxis.Scale.LINEAR,
                new double[] {0});
    }

    private DomContent pair(JsonNode pair) {
        String measure = measures().get(0);
        double factor = factor(measure);
        boolean seeds = pair.path("steps").path(0).path(measure).has("seeds");
        List<String> head = new ArrayList<>(List.of("step", "mean", "p"));
        if (seeds) {
            head.add("over seeds");
        }
        head.addAll(List.of("better", "worse", "left out"));
        List<List<String>> rows = new ArrayList<>();
        List<JsonNode> steps = list(pair.path("steps"));
        for (int step = 0; step < steps.size(); step++) {
            JsonNode found = steps.get(step).path(measure);
            double p = Charts.number(found, "wilcoxon_p");
            List<String> row = new ArrayList<>(List.of(
                    Integer.toString(step),
                    Charts.interval(found, factor),
                    p < 0.001 ? "< 0.001" : NumberFormat.text(p)));
            if (seeds) {
                row.add(Charts.interval(found.path("seeds"), factor));
            }
            row.add(found.path("better").asText());
            row.add(found.path("worse").asText());
            row.add(found.path("left_out").asText());
            rows.add(row);
        }
        return HtmlPage.details(
                pair.path("entrant").asText() + " − " + pair.path("minus").asText() + ": " + unit(measure),
                HtmlPage.rows(head, rows));
    }

    private static double[] times(double[] numbers, double factor) {
        return Arrays.stream(numbers).map(number -> number * factor).toArray();
    }

    private void training() {
        List<Series> overTasks = new ArrayList<>();
        List<Series> overTime = new ArrayList<>();
        Map<String, Double> tasksPerRound = new LinkedHashMap<>();
        all().forEach(entrant -> tasksPerRound.put(entrant.path("name").asText(), tasksPerRound(entrant)));
        entrants.forEach((name, entrant) -> {
            MetricsReader metrics = entrant.run().metrics();
            if (metrics.size() > 0) {
                double perRound = tasksPerRound.getOrDefault(name, Double.NaN);
                LineStyle style = LineStyle.of(overTasks.size());
                double[] loss = metrics.column("query_loss");
                overTasks.add(Series.thinned(name, times(metrics.column("round"), perRound), loss, style));
                overTime.add(Series.thinned(name, metrics.column("seconds"), loss, style));
            }
        });
        List<Series> variance = new ArrayList<>();
        for (JsonNode entrant : all()) {
            if (entrant.path("runs").isEmpty()) {
                continue;
            }
            JsonNode run = entrant.path("runs").path(0);
            List<JsonNode> windows = list(run.path("query_loss"));
            double perRound = tasksPerRound(entrant);
            variance.add(Series.of(
                    entrant.path("name").asText(),
                    column(
                            windows,
                            window -> perRound
                                    * (window.path("from_round").asDouble()
                                            + window.path("to_round").asDouble())
                                    / 2),
                    column(windows, window -> Charts.number(window, "variance")),
                    LineStyle.of(variance.size())));
        }
        page.section(
                "Training",
                HtmlPage.charts(List.of(
                        training("Loss over training tasks", "training tasks seen", "query loss", overTasks),
                        training("Loss over training time", "seconds", "query loss", overTime),
                        training(
                                "Variance of the loss",
                                "training tasks seen",
                                "variance over logged rounds",
                                variance))));
    }

    /** The meta-batch size of an entrant's first run. */
    private static double tasksPerRound(JsonNode entrant) {
        JsonNode run = entrant.path("runs").path(0);
        return run.path("tasks").asDouble() / run.path("rounds").asDouble(1);
    }

    private static Chart training(String title, String xLabel, String yLabel, List<Series> lines) {
        String description = lines.stream()
                .filter(line -> line.y().length > 0)
                .map(line -> line.name() + " " + NumberFormat.text(line.y()[line.y().length - 1]) + " at the end")
                .collect(Collectors.joining("; "));
        return Chart.of(
                title + ", first seed",
                "Of logged rounds of the first seed: " + description + ".",
                xLabel,
                yLabel,
                lines);
    }

    private static double[] column(List<JsonNode> nodes, Function<JsonNode, Double> number) {
        return nodes.stream().mapToDouble(number::apply).toArray();
    }

    private void fits() {
        List<String> changes =
                list(comparison.path("fits")).stream().map(JsonNode::asText).toList();
        List<Chart> charts = new ArrayList<>();
        entrants.forEach((name, entrant) -> entrant.probe()
                .filter(ModelProbe::drawsCurves)
                .ifPresent(probe -> charts.addAll(fits(name, probe, changes))));
        List<DomContent> content = new ArrayList<>(HtmlPage.charts(charts));
        if (!content.isEmpty() && !changes.isEmpty()) {
            content.add(
                    0,
                    HtmlPage.paragraph("The other tasks are outside the training distribution: "
                            + String.join(", ", changes) + "."));
        }
        page.section("Fits", content);
    }

    private static List<Chart> fits(String name, ModelProbe probe, List<String> changes) {
        List<Chart> charts =
                new ArrayList<>(CurveFitFigures.charts(probe, changes.isEmpty() ? FITS : 1, name + ": test task"));
        if (changes.isEmpty()) {
            return charts;
        }
        try (ModelProbe other = probe.with(changes)) {
            charts.addAll(CurveFitFigures.charts(other, FITS, name + ": other task"));
        }
        return charts;
    }

    private void costs() {
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode entrant : all()) {
            List<JsonNode> runs = list(entrant.path("runs"));
            rows.add(List.of(
                    entrant.path("name").asText(),
                    NumberFormat.count(mean(runs, "rounds")),
                    NumberFormat.text(mean(runs, "seconds")),
                    NumberFormat.text(mean(runs, "round_milliseconds")),
                    NumberFormat.count(mean(runs, "tasks_per_second")),
                    NumberFormat.count(entrant.path("theta_bytes").asDouble()),
                    NumberFormat.count(mean(runs, "round_bytes_out") + mean(runs, "round_bytes_in")),
                    NumberFormat.text(Charts.number(entrant, "task_milliseconds"))));
        }
        page.section(
                "What it cost",
                List.of(
                        HtmlPage.wideRows(
                                List.of(
                                        "",
                                        "rounds",
                                        "training s",
                                        "ms a round",
                                        "tasks/s",
                                        "θ bytes",
                                        "driver bytes a round",
                                        "ms a test task"),
                                rows),
                        HtmlPage.paragraph(
                                "Means over seeds. Driver bytes are 0 where rounds run in the driver's JVM.")));
    }

    private static double mean(List<JsonNode> runs, String name) {
        return runs.stream()
                .mapToDouble(run -> Charts.number(run, name))
                .average()
                .orElse(Double.NaN);
    }

    private void protocol() {
        List<List<String>> rows = new ArrayList<>();
        comparison
                .path("protocol")
                .fields()
                .forEachRemaining(
                        field -> rows.add(List.of(field.getKey().replace('_', ' '), Charts.text(field.getValue()))));
        page.section("Protocol", List.of(HtmlPage.rows(List.of("what", "value"), rows)));
        List<List<String>> methods = new ArrayList<>();
        for (JsonNode entrant : all()) {
            methods.add(List.of(
                    entrant.path("name").asText(),
                    entrant.path("algorithm").asText(),
                    entrant.path("order").asInt() > 0 ? entrant.path("order").asText() : "–",
                    entrant.path("batch_norm").asText(),
                    entrant.path("origin").asText(),
                    list(entrant.path("runs")).stream()
                            .map(run -> run.path("seed").asText())
                            .collect(Collectors.joining(", "))));
        }
        page.section(
                "Entrants",
                List.of(
                        HtmlPage.wideRows(List.of("", "method", "order", "batch norm", "from", "seeds"), methods),
                        HtmlPage.details(
                                "Where their configurations differ",
                                HtmlPage.rows(List.of("key", "entrant", "value"), differing()))));
        entrants.values().stream()
                .findFirst()
                .ifPresent(entrant -> page.section(
                        "Provenance of the first",
                        List.of(Charts.provenance(entrant.run().provenance()))));
    }

    private List<List<String>> differing() {
        Set<String> keys = new LinkedHashSet<>();
        entrants.values().forEach(entrant -> entrant.run().settings().forEach(row -> keys.add(row.get(0))));
        List<List<String>> rows = new ArrayList<>();
        for (String key : keys) {
            if (entrants.values().stream()
                            .map(entrant -> entrant.run().setting(key))
                            .distinct()
                            .count()
                    > 1) {
                entrants.forEach((name, entrant) ->
                        rows.add(List.of(key, name, entrant.run().setting(key))));
            }
        }
        return rows;
    }
}
