package dev.kindling.driver.report;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.evaluation.EntrantScores;
import dev.kindling.driver.evaluation.MeanPredictorBaseline;
import dev.kindling.driver.evaluation.Measure;
import dev.kindling.driver.metrics.MetricsReader;
import dev.kindling.job.task.fewshot.FewShotSource;
import j2html.tags.DomContent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The page of one run. */
public final class RunReport {
    private static final List<String> PARTS =
            List.of("sample", "materialise", "compute", "fold", "wire", "wait", "optimize");

    private final ReportedRun run;
    private final Optional<ModelProbe> workbench;
    private final HtmlPage page;

    private RunReport(ReportedRun run, Optional<ModelProbe> workbench) {
        this.run = run;
        this.workbench = workbench;
        this.page = new HtmlPage(
                "Run " + run.name(),
                run.setting("algorithm.name") + " on " + run.setting("task.source") + ", network "
                        + run.setting("model.network") + ", seed " + run.setting("run.seed") + ", "
                        + NumberFormat.count((double) run.rounds()) + " rounds. "
                        + run.headline().orElse("It has not been evaluated yet.") + " "
                        + run.status().path("sentence").asText());
    }

    /**
     * The page as HTML.
     *
     * @param workbench with the run's model; without one there are no fits and no diagnostics
     */
    public static String html(ReportedRun run, Optional<ModelProbe> workbench) {
        RunReport report = new RunReport(run, workbench);
        report.evaluation();
        report.training();
        workbench.ifPresent(report::examples);
        report.diagnostics();
        report.time();
        report.protocol();
        report.page.section(
                "Configuration",
                List.of(HtmlPage.folded("Every key", HtmlPage.rows(List.of("key", "value"), run.settings()))));
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
            content.add(HtmlPage.folded("The numbers", Charts.table(steps)));
            page.section("Error after each step", content);
        }
    }

    private void training() {
        MetricsReader metrics = run.metrics();
        if (metrics.size() > 0) {
            page.section("Learning curves", HtmlPage.charts(Charts.training(metrics)));
        }
    }

    private void examples(ModelProbe bench) {
        if (bench.drawsCurves()) {
            page.section("Fits", HtmlPage.charts(CurveFitFigures.of(bench)));
            CurveFitFigures.Many many = CurveFitFigures.many(bench);
            if (bench.startsBlind() && !many.truths().isEmpty()) {
                page.section(
                        "All tasks at once",
                        List.of(
                                HtmlPage.figures(List.of(CurveFitFigures.overlay(many, bench))),
                                HtmlPage.say(
                                        "A model that can tell no task from another does best by predicting the mean. "
                                                + "Where meta-learning starts is close to it; what it gains, it gains by adapting.")));
            }
        }
        if (bench.source() instanceof FewShotSource images) {
            page.section("An episode", new ImageTaskFigures(bench, images, run.innerSteps()).episode());
        }
    }

    private void diagnostics() {
        List<DomContent> content = new ArrayList<>();
        List<List<String>> rows = new ArrayList<>();
        if (run.evaluation().path("steps").size() > 1) {
            stepZero().ifPresent(rows::add);
        }
        workbench.ifPresent(bench -> {
            AdaptationDiagnostics adaptationDiagnostics = AdaptationDiagnostics.of(bench, run.rounds());
            if (adaptationDiagnostics.steps() > 0) {
                rows.add(List.of(
                        "tasks that gain",
                        NumberFormat.percent(adaptationDiagnostics.gaining()),
                        "of " + adaptationDiagnostics.before().length + " test tasks have a lower loss after "
                                + adaptationDiagnostics.steps() + " steps than before the first"));
            }
            if (Double.isFinite(adaptationDiagnostics.agreement())) {
                rows.add(
                        List.of(
                                "agreement of tasks",
                                NumberFormat.text(adaptationDiagnostics.agreement()),
                                "mean cosine between the meta-gradients of pairs of "
                                        + adaptationDiagnostics.pairedTasks()
                                        + " training tasks at the end: 1 if all pull the same way, near 0 where training has come to rest"));
            }
            if (adaptationDiagnostics.steps() > 0) {
                content.addAll(HtmlPage.charts(List.of(Charts.gain(adaptationDiagnostics))));
            }
            if (bench.source() instanceof FewShotSource images) {
                content.addAll(new ImageTaskFigures(bench, images, run.innerSteps()).gains());
            }
        });
        if (!rows.isEmpty()) {
            content.add(0, HtmlPage.rows(List.of("what", "value", "meaning"), rows));
        }
        page.section("How it adapts", content);
    }

    /** How the start compares with one that can tell no task from another; empty where it is made of the support set. */
    private Optional<List<String>> stepZero() {
        if (workbench.filter(bench -> !bench.startsBlind()).isPresent()) {
            return Optional.empty();
        }
        JsonNode first = run.evaluation().path("steps").path(0);
        int ways = run.evaluation().at("/protocol/ways").asInt(0);
        if (ways > 0 && first.has("accuracy")) {
            return Optional.of(
                    List.of(
                            "step-0 ratio",
                            NumberFormat.text(ways * first.at("/accuracy/mean").asDouble()),
                            "accuracy before the first step over that of guessing; 1 where labels say nothing before adaptation"));
        }
        return workbench
                .flatMap(bench -> MeanPredictorBaseline.table(bench.source(), bench.evaluation()))
                .map(
                        mean -> List.of(
                                "step-0 ratio",
                                NumberFormat.text(first.at("/loss/mean").asDouble(Double.NaN)
                                        / new EntrantScores(MeanPredictorBaseline.NAME, List.of(mean))
                                                .statistics(Measure.LOSS, 0)
                                                .mean()),
                                "error before the first step over that of predicting the mean task; 1 is the best that no adaptation can do"));
    }

    private void time() {
        MetricsReader metrics = run.metrics();
        Map<String, Double> parts = new TreeMap<>();
        for (String part : PARTS) {
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
                            HtmlPage.say(String.format(
                                    Locale.ROOT,
                                    "A round took %s ms in the mean of the logged ones, %s tasks/s in the last; the run %s s.",
                                    NumberFormat.text(whole),
                                    NumberFormat.count(metrics.last("tasks_per_second")),
                                    NumberFormat.text(metrics.last("seconds")))),
                            Charts.bars(PARTS, parts, whole)));
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
