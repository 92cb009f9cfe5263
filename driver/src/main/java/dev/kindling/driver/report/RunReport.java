package dev.kindling.driver.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.evaluation.EntrantScores;
import dev.kindling.driver.evaluation.MeanPredictorBaseline;
import dev.kindling.driver.evaluation.Measure;
import dev.kindling.driver.metrics.MetricsReader;
import dev.kindling.driver.metrics.RoundTimings;
import dev.kindling.job.task.fewshot.FewShotSource;
import j2html.tags.DomContent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Renders the HTML page of one run. */
public final class RunReport {
    private final ReportedRun run;
    private final Optional<ModelProbe> probe;
    private final HtmlPage page;

    private RunReport(ReportedRun run, Optional<ModelProbe> probe) {
        this.run = run;
        this.probe = probe;
        this.page = new HtmlPage(
                "Run " + run.name(),
                run.setting("algorithm.name") + " on " + run.setting("task.source") + ", network "
                        + run.setting("model.network") + ", seed " + run.setting("run.seed") + ", "
                        + NumberFormat.count((double) run.rounds()) + " rounds. "
                        + run.headline().orElse("It has not been evaluated yet.") + " "
                        + run.status().path("message").asText());
    }

    /**
     * Renders the page.
     *
     * @param probe of the run's model; without one there are no fits and no diagnostics
     */
    public static String html(ReportedRun run, Optional<ModelProbe> probe) {
        RunReport report = new RunReport(run, probe);
        report.evaluation();
        GroupFigures.addTo(report.page, run.evaluation().path("groups"));
        report.training();
        probe.ifPresent(report::examples);
        report.diagnostics();
        report.time();
        report.protocol();
        report.page.section(
                "Configuration",
                List.of(HtmlPage.details("Every key", HtmlPage.rows(List.of("key", "value"), run.settings()))));
        report.provenance();
        return report.page.render();
    }

    private void evaluation() {
        JsonNode steps = run.evaluation().path("steps");
        if (!steps.isEmpty()) {
            List<DomContent> content = new ArrayList<>();
            if (steps.size() > 1) {
                content.addAll(HtmlPage.charts(ReportedRun.measures(steps).stream()
                        .map(measure -> Charts.steps(measure, Map.of("mean", steps)))
                        .toList()));
            }
            content.add(HtmlPage.details("The numbers", Charts.table(steps)));
            page.section("Error after each step", content);
        }
    }

    private void training() {
        MetricsReader metrics = run.metrics();
        if (metrics.size() > 0) {
            page.section("Learning curves", HtmlPage.charts(Charts.training(metrics)));
        }
    }

    private void examples(ModelProbe probe) {
        if (probe.drawsCurves()) {
            page.section("Fits", HtmlPage.charts(CurveFitFigures.of(probe)));
            CurveFitFigures.TargetCurves curves = CurveFitFigures.targetCurves(probe);
            if (probe.startsIndependentOfTask() && !curves.targets().isEmpty()) {
                page.section(
                        "All tasks at once",
                        List.of(
                                HtmlPage.figures(List.of(CurveFitFigures.overlay(curves, probe))),
                                HtmlPage.paragraph(
                                        "The best prediction that is the same for all tasks is their mean. The prediction before "
                                                + "adaptation should be close to it; the gain comes from adapting.")));
            }
        }
        if (probe.source() instanceof FewShotSource images) {
            page.section("An episode", new ImageTaskFigures(probe, images, run.innerSteps()).episode());
        }
    }

    private void diagnostics() {
        List<DomContent> content = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        if (run.evaluation().path("steps").size() > 1) {
            stepZero().ifPresent(rows::add);
        }
        probe.ifPresent(probe -> {
            AdaptationDiagnostics diagnostics = AdaptationDiagnostics.of(probe, run.rounds());
            if (diagnostics.steps() > 0) {
                rows.add(List.of(
                        "tasks that gain",
                        NumberFormat.percent(diagnostics.gaining()),
                        "of " + diagnostics.before().length + " test tasks have a lower loss after "
                                + diagnostics.steps() + " steps than before the first"));
            }
            if (Double.isFinite(diagnostics.agreement())) {
                rows.add(
                        List.of(
                                "agreement of tasks",
                                NumberFormat.text(diagnostics.agreement()),
                                "mean cosine between the meta-gradients of pairs of "
                                        + diagnostics.pairedTasks()
                                        + " training tasks at the end: 1 if all are parallel, near 0 when training has converged"));
            }
            if (diagnostics.steps() > 0) {
                content.addAll(HtmlPage.charts(List.of(Charts.gain(diagnostics))));
            }
            if (probe.source() instanceof FewShotSource images) {
                content.addAll(new ImageTaskFigures(probe, images, run.innerSteps()).gains());
            }
        });
        if (!rows.isEmpty()) {
            content.add(0, HtmlPage.rows(List.of("what", "value", "meaning"), rows));
        }
        page.section("How it adapts", content);
    }

    /** The error before adaptation relative to the best task-independent prediction; empty if it depends on the support set. */
    private Optional<List<String>> stepZero() {
        if (probe.filter(present -> !present.startsIndependentOfTask()).isPresent()) {
            return Optional.empty();
        }
        JsonNode first = run.evaluation().path("steps").path(0);
        int ways = run.evaluation().at("/protocol/ways").asInt(0);
        if (ways > 0 && first.has("accuracy")) {
            return Optional.of(
                    List.of(
                            "step-0 ratio",
                            NumberFormat.text(ways * first.at("/accuracy/mean").asDouble()),
                            "accuracy before the first step over that of guessing; 1 if labels carry no information before adaptation"));
        }
        return probe.flatMap(probe -> MeanPredictorBaseline.table(probe.source(), probe.evaluation()))
                .map(
                        mean -> List.of(
                                "step-0 ratio",
                                NumberFormat.text(first.at("/loss/mean").asDouble(Double.NaN)
                                        / new EntrantScores(MeanPredictorBaseline.NAME, List.of(mean))
                                                .statistics(Measure.LOSS, 0)
                                                .mean()),
                                "error before the first step over that of predicting the mean task; 1 is the best value without adaptation"));
    }

    private void time() {
        MetricsReader metrics = run.metrics();
        Map<String, Double> parts = new LinkedHashMap<>();
        for (String part : RoundTimings.NONE.parts().keySet()) {
            double[] column = metrics.column("round_milliseconds." + part);
            parts.put(
                    part,
                    Arrays.stream(column).filter(Double::isFinite).average().orElse(Double.NaN));
        }
        double whole = parts.values().stream()
                .filter(Double::isFinite)
                .mapToDouble(each -> each)
                .sum();
        if (whole > 0) {
            page.section(
                    "Where the time went",
                    List.of(
                            HtmlPage.paragraph(String.format(
                                    Locale.ROOT,
                                    "A round took %s ms in the mean of the logged ones, %s tasks/s in the last; the run %s s.",
                                    NumberFormat.text(whole),
                                    NumberFormat.count(metrics.last("tasks_per_second")),
                                    NumberFormat.text(metrics.last("seconds")))),
                            Charts.bars(parts, whole)));
        }
    }

    private void protocol() {
        List<List<String>> rows = new ArrayList<>();
        run.evaluation()
                .path("protocol")
                .fields()
                .forEachRemaining(
                        field -> rows.add(List.of(field.getKey().replace('_', ' '), Charts.text(field.getValue()))));
        if (!rows.isEmpty()) {
            page.section("Protocol", List.of(HtmlPage.rows(List.of("what", "value"), rows)));
        }
    }

    private void provenance() {
        page.section("Provenance", List.of(Charts.provenance(run.provenance())));
    }
}
