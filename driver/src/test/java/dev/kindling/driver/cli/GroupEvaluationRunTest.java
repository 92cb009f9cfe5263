package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.table.TablePreparer;
import dev.kindling.job.random.RandomStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands on tables: evaluation by group, its files, tables and pages. */
class GroupEvaluationRunTest {
    private static final Path GROWTH = Path.of("../conf/growth.csv");
    private static SparkApplication spark;

    @TempDir
    private Path temporary;

    @BeforeAll
    static void startSpark() {
        spark = SparkApplication.start("test", Optional.of("local[2]"));
    }

    @AfterAll
    static void stopSpark() {
        spark.close();
    }

    private static List<String> sets(String... keys) {
        List<String> args = new ArrayList<>();
        for (String key : keys) {
            args.addAll(List.of("--set", key));
        }
        return args;
    }

    private Outcome run(List<String> args) {
        return CommandLineForTests.on(spark::cluster, TablePreparer.on(spark)::prepare, new Signals(), args);
    }

    private Outcome train(Path run, String... more) {
        List<String> args = new ArrayList<>(List.of("train", "--conf", "../conf/table.conf", "--out", run.toString()));
        args.addAll(sets(
                "task.meta-batch-size=4",
                "run.rounds=4",
                "run.validate-every=0",
                "run.log-every=0",
                "model.network=mlp-8-tanh",
                "bayesian-linear.features=4",
                "evaluation.steps=2",
                "cluster.mode=jobs"));
        args.addAll(sets(more));
        return run(args);
    }

    private Outcome trainOnGrowth(Path run, String... more) {
        List<String> keys = new ArrayList<>(List.of(
                "table.path=" + GROWTH,
                "table.group=child",
                "table.label=height",
                "table.order=age",
                "table.categorical=[season]",
                "table.stack=none",
                "evaluation.support=3"));
        keys.addAll(List.of(more));
        return train(run, keys.toArray(String[]::new));
    }

    private Outcome evaluate(Path run, String... keys) {
        List<String> args = new ArrayList<>(List.of("evaluate", "--out", run.toString()));
        args.addAll(sets(keys));
        return run(args);
    }

    private String report(Path run) throws IOException {
        assertEnded(run(List.of("report", "--out", run.toString())), 0);
        return Files.readString(run.resolve("report.html"));
    }

    private static void assertEnded(Outcome outcome, int code) {
        assertThat(outcome.code()).as("%s%s", outcome.out(), outcome.err()).isEqualTo(code);
    }

    private static JsonNode json(Path run) throws IOException {
        return new ObjectMapper().readTree(run.resolve("evaluation.json").toFile());
    }

    /** A table of 60 groups of 6 to 9 visits with weights, whose label is one of two or three classes. */
    private Path visits(int classes) throws IOException {
        RandomStream stream = RandomStream.of(3, classes);
        List<String> lines = new ArrayList<>(List.of("patient,dose,age,weight,outcome"));
        List<String> names = List.of("better", "same", "worse");
        for (int patient = 0; patient < 60; patient++) {
            double effect = 2 * stream.nextNormal();
            int visits = 6 + stream.nextInt(4);
            for (int visit = 0; visit < visits; visit++) {
                double dose = stream.nextNormal();
                double score = effect + dose + stream.nextNormal();
                int outcome = classes == 2 ? (score > 0 ? 1 : 0) : score > 1 ? 2 : score > -1 ? 1 : 0;
                lines.add(String.format(
                        Locale.ROOT,
                        "p%02d,%.3f,%.3f,%.3f,%s",
                        patient,
                        dose,
                        stream.nextNormal(),
                        stream.nextDouble(0.5, 2),
                        names.get(outcome)));
            }
        }
        return Files.write(temporary.resolve("visits-" + classes + ".csv"), lines);
    }

    private Outcome trainOnVisits(Path run, int classes, String... more) throws IOException {
        List<String> keys = new ArrayList<>(List.of(
                "table.path=" + visits(classes),
                "table.group=patient",
                "table.label=outcome",
                "table.weight=weight",
                "evaluation.support=2"));
        keys.addAll(List.of(more));
        return train(run, keys.toArray(String[]::new));
    }

    private static List<String> texts(JsonNode nodes, String name) {
        List<String> texts = new ArrayList<>();
        nodes.forEach(node -> texts.add(node.path(name).asText()));
        return texts;
    }

    @Test
    void aRegressionIsEvaluatedByGroupBesideItsBaselines() throws IOException {
        Path run = temporary.resolve("run");
        Outcome trained = trainOnGrowth(run);
        assertEnded(trained, 0);
        assertThat(trained.out())
                .contains(
                        "by group: 298 query rows of 78 test groups, the same for every number of support rows: those after the first 5",
                        "9 of these groups have at most 5 rows",
                        "the baselines are fitted to 342 training groups",
                        "rmse over all query rows:",
                        "support rows  model           mean            own ridge       mixed model",
                        "coverage_90");
        JsonNode groups = json(run).path("groups");
        assertThat(groups.at("/protocol/support_rows")).hasToString("[0,1,2,5]");
        assertThat(texts(groups.path("predictors"), "name"))
                .containsExactly("model", "mean", "own ridge", "mixed model");
        assertThat(texts(groups.path("differences"), "minus")).containsExactly("mean", "own ridge", "mixed model");
        assertThat(groups.at("/worst")).hasSize(20);
        assertThat(groups.at("/calibration/bins")).hasSize(16);
        // Without support rows a ridge of the group alone has nothing but the training mean.
        assertThat(groups.at("/predictors/2/curve/0/rows")).isEqualTo(only(groups.at("/predictors/1/curve/0/rows"), 2));
        assertThat(report(run))
                .contains(
                        "Error by support rows",
                        "RMSE of a group, mean",
                        "Coverage of predictive intervals",
                        "Standardised residuals",
                        "Worst groups",
                        "own ridge",
                        groups.at("/worst/0/group").asText())
                .doesNotContain("NaN");
        // The evaluation of the tasks is another computation of the same predictions: on executors, by the evaluation
        // program.
        for (int support : new int[] {0, 3}) {
            assertEnded(evaluate(run, "evaluation.support=" + support, "evaluation.support-rows=[" + support + "]"), 0);
            JsonNode own = json(run);
            assertThat(own.at("/groups/predictors/0/curve/0/rows/rmse").asDouble())
                    .isCloseTo(own.at("/steps/0/rmse").asDouble(), within(1e-3));
        }
        assertThat(run.resolve("evaluation-groups.parquet")).doesNotExist();
        assertEnded(evaluate(run, "evaluation.per-task=true", "evaluation.support-rows=[1, 7]"), 0);
        groups = json(run).path("groups");
        List<Row> rows = spark.session()
                .read()
                .parquet(run.resolve("evaluation-groups.parquet").toString())
                .where("predictor = 'mixed model' and support_rows = 7")
                .collectAsList();
        assertThat(rows).hasSize(groups.at("/protocol/groups").asInt());
        assertThat(rows)
                .allMatch(row -> row.<Integer>getAs("shown") == Math.min(7, row.<Integer>getAs("rows") - 1)
                        && row.<Integer>getAs("queries") == row.<Integer>getAs("rows") - row.<Integer>getAs("shown"));
        assertThat(rows.stream().mapToDouble(row -> row.getAs("rmse")).average().orElseThrow())
                .isCloseTo(groups.at("/predictors/3/curve/1/groups/rmse/mean").asDouble(), within(1e-9));
        assertEnded(evaluate(run, "evaluation.support-rows=[]"), 0);
        assertThat(json(run).has("groups")).isFalse();
        assertThat(run.resolve("evaluation-groups.parquet")).doesNotExist();
        assertThat(evaluate(run, "evaluation.support-rows=[2, 1]").err()).contains("evaluation.support-rows is [2, 1]");
        assertThat(evaluate(run, "evaluation.support-rows=[few]").code()).isEqualTo(2);
        assertThat(evaluate(run, "evaluation.baselines=[median]").err())
                .contains("evaluation.baselines", "mean, own-ridge, mixed-model, pooled-network");
    }

    /** The first {@code count} fields of an object. */
    private static JsonNode only(JsonNode node, int count) {
        ObjectNode copy = node.deepCopy();
        List<String> names = new ArrayList<>();
        copy.fieldNames().forEachRemaining(names::add);
        return copy.retain(names.subList(0, count));
    }

    @Test
    void twoClassesWithWeightsAreEvaluatedByProbabilities() throws IOException {
        Path run = temporary.resolve("run");
        Outcome trained = trainOnVisits(
                run,
                2,
                "evaluation.support-rows=[2]",
                "evaluation.baselines=[mean, own-ridge, mixed-model, pooled-network]");
        assertEnded(trained, 0);
        assertThat(trained.out()).contains("log_loss over all query rows:", "calibration_error", "pooled network");
        JsonNode evaluation = json(run);
        JsonNode groups = evaluation.path("groups");
        assertThat(groups.at("/protocol/classes")).hasToString("[\"better\",\"same\"]");
        // Mean over tasks of the weighted log loss and accuracy, by the evaluation program.
        JsonNode ofGroups = groups.at("/predictors/0/curve/0/groups");
        assertThat(ofGroups.at("/log_loss/mean").asDouble())
                .isCloseTo(evaluation.at("/steps/0/loss/mean").asDouble(), within(1e-4));
        assertThat(ofGroups.at("/accuracy/mean").asDouble())
                .isCloseTo(evaluation.at("/steps/0/accuracy/mean").asDouble(), within(1e-4));
        assertThat(groups.at("/predictors/0/curve/0/rows/auc").asDouble())
                .as("group effects are strong")
                .isGreaterThan(0.7);
        assertThat(groups.at("/predictors/1/curve/0/rows/auc").asDouble()).isEqualTo(0.5);
        assertThat(texts(groups.path("predictors"), "name")).endsWith("pooled network");
        assertThat(groups.at("/calibration/kind").asText()).isEqualTo("reliability");
        assertThat(report(run))
                .contains(
                        "Error by support rows", "Log loss over all query rows", "Reliability", "AUC", "pooled network")
                .doesNotContain("Coverage of predictive intervals");
    }

    @Test
    void threeClassesAreComparedWithTheBaselinesThatPredictThem() throws IOException {
        Path run = temporary.resolve("run");
        Outcome trained = trainOnVisits(run, 3, "algorithm.name=ridge-head", "task.support=[1, 3]");
        assertEnded(trained, 0);
        assertThat(trained.out())
                .contains("the mixed model is left out: the label has 3 classes, and it predicts two at most");
        JsonNode groups = json(run).path("groups");
        assertThat(groups.at("/protocol/support_rows")).hasToString("[1,2]");
        assertThat(texts(groups.path("predictors"), "name")).containsExactly("model", "mean", "own ridge");
        assertThat(groups.at("/predictors/0/curve/0/rows").has("auc")).isFalse();
        assertThat(report(run)).contains("The mixed model is left out", "Reliability");
    }

    @Test
    void aComparisonOfTablesHasTheCurvesOfAllEntrants() throws IOException {
        Files.writeString(temporary.resolve("growth.conf"), """
                include "%s"
                table { path = "%s", group = child, label = height, order = age, categorical = [season], stack = none }
                run { rounds = 4, validate-every = 0, log-every = 0 }
                task.meta-batch-size = 4
                model.network = mlp-8-tanh
                bayesian-linear.features = 4
                cluster.mode = jobs
                evaluation { support = 3, steps = 1 }
                """.formatted(
                        Path.of("../conf/table.conf").toAbsolutePath().normalize(),
                        GROWTH.toAbsolutePath().normalize()));
        Path comparison = Files.writeString(temporary.resolve("two.conf"), """
                compare.runs = [
                  { job = growth, name = linear }
                  { job = growth, name = ridge, set { algorithm.name = ridge-head } }
                ]
                """);
        Path out = temporary.resolve("out");
        List<String> args = List.of("compare", "--conf", comparison.toString(), "--out", out.toString());
        Outcome outcome = run(args);
        assertEnded(outcome, 0);
        assertThat(outcome.out())
                .contains("difference to linear, task by task", "difference of linear to each other, group by group");
        JsonNode json = new ObjectMapper().readTree(out.resolve("compare.json").toFile());
        assertThat(json.at("/protocol/tasks").asInt()).isEqualTo(78);
        assertThat(texts(json.at("/groups/predictors"), "name"))
                .containsExactly("linear", "ridge", "mean", "own ridge", "mixed model");
        for (int entrant = 0; entrant < 2; entrant++) {
            JsonNode own = json(out.resolve(List.of("linear-1", "ridge-1").get(entrant)));
            assertThat(json.at("/groups/predictors/" + entrant + "/curve"))
                    .isEqualTo(own.at("/groups/predictors/0/curve"));
        }
        JsonNode difference = json.at("/groups/differences/0");
        assertThat(difference.path("predictor").asText()).isEqualTo("ridge");
        assertThat(difference.path("minus").asText()).isEqualTo("linear");
        assertThat(difference.at("/curve/3/rmse/mean").asDouble())
                .isCloseTo(
                        json.at("/groups/predictors/1/curve/3/groups/rmse/mean").asDouble()
                                - json.at("/groups/predictors/0/curve/3/groups/rmse/mean")
                                        .asDouble(),
                        within(1e-9));
        assertThat(Files.readString(out.resolve("report.html")))
                .contains("Error by support rows", "Worst groups", "ridge", "linear")
                .doesNotContain("NaN");
        // Finished runs are evaluated again, with the packs in their folders.
        Outcome again = run(List.of(
                "compare", "--conf", comparison.toString(), "--out", out.toString(), "--set", "evaluation.tasks=9"));
        assertEnded(again, 0);
        assertThat(again.out()).contains("evaluating");
        Files.writeString(
                comparison, Files.readString(comparison).replace("ridge-head", "ridge-head, task.support = [1, 2]"));
        Outcome refused = run(List.of(
                "compare",
                "--conf",
                comparison.toString(),
                "--out",
                temporary.resolve("o").toString()));
        assertEnded(refused, 2);
        assertThat(refused.err())
                .contains(
                        "evaluation.support-rows is [1, 2] for ridge and [0, 1, 2, 5] for linear; it must be the same for all");
    }
}
