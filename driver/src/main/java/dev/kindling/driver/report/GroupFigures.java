package dev.kindling.driver.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.evaluation.GroupMeasure;
import j2html.tags.DomContent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * The sections of a page about an evaluation by group, the node {@code groups} of {@code evaluation.json} or {@code
 * compare.json}: learning curves over the number of support rows, calibration, and the worst groups.
 */
final class GroupFigures {
    private static final List<String> COVERAGES = Stream.of(GroupMeasure.values())
            .filter(GroupMeasure::isCoverage)
            .map(GroupMeasure::key)
            .toList();

    private final JsonNode groups;
    private final List<JsonNode> predictors;
    private final String measure;

    private GroupFigures(JsonNode groups) {
        this.groups = groups;
        this.predictors = list(groups.path("predictors"));
        this.measure = groups.path("measure").asText();
    }

    /** Adds the sections to a page; none if there is no evaluation by group. */
    static void addTo(HtmlPage page, JsonNode groups) {
        if (groups.path("predictors").isEmpty()) {
            return;
        }
        GroupFigures figures = new GroupFigures(groups);
        page.section("Error by support rows", figures.curves());
        page.section("Calibration", figures.calibration());
        page.section("Worst groups", figures.worst());
    }

    private static List<JsonNode> list(JsonNode node) {
        return StreamSupport.stream(node.spliterator(), false).toList();
    }

    private static List<JsonNode> curve(JsonNode predictor) {
        return list(predictor.path("curve"));
    }

    private static double[] column(List<JsonNode> entries, String pointer) {
        return entries.stream()
                .mapToDouble(entry -> entry.at(pointer).asDouble(Double.NaN))
                .toArray();
    }

    private List<DomContent> curves() {
        List<DomContent> content = new ArrayList<>();
        content.add(HtmlPage.paragraph(protocol()));
        content.addAll(HtmlPage.charts(List.of(
                chart("of a group, mean", "/groups/" + measure + "/mean", "/groups/" + measure + "/ci95"),
                chart("over all query rows", "/rows/" + measure, ""))));
        content.add(HtmlPage.details("The numbers", numbers()));
        content.add(HtmlPage.details("Paired differences", differences()));
        list(groups.path("notes")).forEach(note -> content.add(HtmlPage.paragraph(sentence(note.asText()))));
        return content;
    }

    private static String sentence(String note) {
        return note.substring(0, 1).toUpperCase(Locale.ROOT) + note.substring(1) + ".";
    }

    private String protocol() {
        JsonNode protocol = groups.path("protocol");
        List<JsonNode> support = list(protocol.path("support_rows"));
        String most = support.get(support.size() - 1).asText();
        int shorter = protocol.path("shorter_groups").asInt();
        return "The first rows of each group are shown, and the same "
                + protocol.path("query_rows").asText()
                + " rows of " + protocol.path("groups").asText() + " "
                + protocol.path("split").asText()
                + " groups are predicted for every number of support rows: those after the first " + most + "."
                + (shorter > 0
                        ? " " + shorter + " groups have at most " + most
                                + " rows, of which all but the last are shown at most."
                        : "")
                + " The baselines are fitted to "
                + protocol.path("training_groups").asText() + " training groups.";
    }

    private Chart chart(String what, String mean, String halfWidth) {
        List<Series> series = new ArrayList<>();
        for (JsonNode predictor : predictors) {
            List<JsonNode> curve = curve(predictor);
            double[] support = column(curve, "/support_rows");
            double[] values = column(curve, mean);
            LineStyle style = LineStyle.of(series.size());
            String name = predictor.path("name").asText();
            series.add(
                    halfWidth.isEmpty()
                            ? Series.of(name, support, values, style)
                            : Series.banded(name, support, values, column(curve, halfWidth), style));
        }
        String alternative = series.stream()
                .map(line -> line.name() + " from " + NumberFormat.text(line.y()[0]) + " to "
                        + NumberFormat.text(line.y()[line.y().length - 1]))
                .collect(Collectors.joining("; "));
        return Chart.of(
                title(measure) + " " + what,
                (halfWidth.isEmpty() ? "" : "Means over groups with 95% bands: ") + alternative + ".",
                "support rows shown",
                title(measure),
                series);
    }

    /** The name of a measure. */
    private static String title(String key) {
        return switch (key) {
            case "rmse", "mae", "auc" -> key.toUpperCase(Locale.ROOT);
            default ->
                key.substring(0, 1).toUpperCase(Locale.ROOT) + key.substring(1).replace('_', ' ');
        };
    }

    private DomContent numbers() {
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode predictor : predictors) {
            for (JsonNode entry : curve(predictor)) {
                entry.path("rows")
                        .fields()
                        .forEachRemaining(field -> rows.add(List.of(
                                predictor.path("name").asText(),
                                entry.path("support_rows").asText(),
                                title(field.getKey()),
                                NumberFormat.text(field.getValue().asDouble(Double.NaN)),
                                Charts.interval(entry.path("groups").path(field.getKey()), 1))));
            }
        }
        return HtmlPage.wideRows(
                List.of("", "support rows", "measure", "over all query rows", "mean over groups"), rows);
    }

    private DomContent differences() {
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode pair : list(groups.path("differences"))) {
            for (JsonNode entry : list(pair.path("curve"))) {
                JsonNode found = entry.path(measure);
                rows.add(List.of(
                        pair.path("predictor").asText() + " − "
                                + pair.path("minus").asText(),
                        entry.path("support_rows").asText(),
                        Charts.interval(found, 1),
                        found.path("better").asText() + " / "
                                + found.path("worse").asText(),
                        NumberFormat.text(Charts.number(found, "wilcoxon_p"))));
            }
        }
        return HtmlPage.wideRows(
                List.of(
                        "difference",
                        "support rows",
                        title(measure) + ", below 0 is better",
                        "groups better / worse",
                        "Wilcoxon's p"),
                rows);
    }

    private List<DomContent> calibration() {
        JsonNode calibration = groups.path("calibration");
        List<JsonNode> bins = list(calibration.path("bins"));
        List<Chart> charts = new ArrayList<>();
        if (calibration.path("kind").asText().equals("reliability")) {
            charts.add(reliability(bins));
        } else if (!bins.isEmpty()) {
            charts.add(coverage());
            charts.add(residuals(bins));
        }
        List<DomContent> content = new ArrayList<>(HtmlPage.charts(charts));
        if (!content.isEmpty()) {
            content.add(0, HtmlPage.paragraph("Of the predictions with the largest number of support rows."));
        }
        return content;
    }

    /** The nominal probabilities, a line without deviation. */
    private static Series diagonal(String name, double[] ends) {
        return Series.of(name, ends, ends, LineStyle.of(1).plain());
    }

    private Chart reliability(List<JsonNode> bins) {
        List<JsonNode> filled =
                bins.stream().filter(bin -> bin.path("fraction").asDouble() > 0).toList();
        double[] predicted = column(filled, "/expected");
        double[] observed = column(filled, "/observed");
        List<JsonNode> names = list(groups.at("/protocol/classes"));
        String event = names.size() == 2 ? names.get(1).asText() : "the most probable class";
        List<JsonNode> curve = curve(predictors.get(0));
        return new Chart(
                "Reliability",
                "Predicted probability and frequency of " + event + " in ten bins; expected calibration error "
                        + NumberFormat.text(curve.get(curve.size() - 1)
                                .at("/rows/calibration_error")
                                .asDouble(Double.NaN))
                        + ".",
                "predicted probability",
                "frequency",
                List.of(
                        Series.of(predictors.get(0).path("name").asText(), predicted, observed, LineStyle.of(0)),
                        diagonal("calibrated", new double[] {0, 1})),
                ChartAxis.Scale.LINEAR);
    }

    private Chart coverage() {
        double[] nominal = Stream.of(GroupMeasure.values())
                .filter(GroupMeasure::isCoverage)
                .mapToDouble(coverage -> 100 * coverage.probability())
                .toArray();
        List<Series> series = new ArrayList<>();
        List<String> descriptions = new ArrayList<>();
        for (JsonNode predictor : predictors) {
            List<JsonNode> curve = curve(predictor);
            JsonNode rows = curve.get(curve.size() - 1).path("rows");
            if (rows.has(COVERAGES.get(0))) {
                double[] found = COVERAGES.stream()
                        .mapToDouble(key -> 100 * rows.path(key).asDouble(Double.NaN))
                        .toArray();
                // The diagonal has the second style.
                int style = series.isEmpty() ? 0 : series.size() + 1;
                String name = predictor.path("name").asText();
                series.add(Series.of(name, nominal, found, LineStyle.of(style)));
                descriptions.add(name + " "
                        + Arrays.stream(found).mapToObj(NumberFormat::text).collect(Collectors.joining(", ")));
            }
        }
        series.add(diagonal("calibrated", new double[] {nominal[0], nominal[nominal.length - 1]}));
        return new Chart(
                "Coverage of predictive intervals",
                "Of intervals of 50, 80, 90 and 95%: " + String.join("; ", descriptions) + ".",
                "probability of the interval, %",
                "query rows inside, %",
                series,
                ChartAxis.Scale.LINEAR);
    }

    private Chart residuals(List<JsonNode> bins) {
        double[] middle = bins.stream()
                .mapToDouble(
                        bin -> (bin.path("from").asDouble() + bin.path("to").asDouble()) / 2)
                .toArray();
        double[] found = column(bins, "/observed");
        double[] normal = column(bins, "/expected");
        double outside = bins.stream()
                .filter(bin ->
                        Math.abs(bin.path("from").asDouble() + bin.path("to").asDouble()) > 4)
                .mapToDouble(bin -> bin.path("fraction").asDouble())
                .sum();
        return new Chart(
                "Standardised residuals",
                "(Label - prediction) / predicted standard deviation in bins of 0.5; " + NumberFormat.percent(outside)
                        + " are beyond 2, of a normal distribution 4.55%.",
                "standard deviations",
                "fraction of query rows",
                List.of(
                        Series.of(predictors.get(0).path("name").asText(), middle, found, LineStyle.of(0)),
                        Series.of("normal distribution", middle, normal, LineStyle.of(1))),
                ChartAxis.Scale.LINEAR);
    }

    private List<DomContent> worst() {
        List<JsonNode> worst = list(groups.path("worst"));
        List<String> head = new ArrayList<>(List.of("group", "rows", "query rows"));
        predictors.forEach(predictor -> head.add(predictor.path("name").asText()));
        List<List<String>> rows = new ArrayList<>();
        for (JsonNode group : worst) {
            List<String> row = new ArrayList<>(List.of(
                    group.path("group").asText(),
                    group.path("rows").asText(),
                    group.path("queries").asText()));
            predictors.forEach(predictor -> row.add(NumberFormat.text(
                    group.path(measure).path(predictor.path("name").asText()).asDouble(Double.NaN))));
            rows.add(row);
        }
        return List.of(
                HtmlPage.paragraph(title(measure) + " of the groups on which "
                        + predictors.get(0).path("name").asText()
                        + " is worst, with the largest number of support rows."),
                HtmlPage.wideRows(head, rows));
    }
}
