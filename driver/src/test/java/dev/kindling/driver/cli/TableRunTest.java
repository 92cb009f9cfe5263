package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.MetaTrainer;
import dev.kindling.Networks;
import dev.kindling.Tables;
import dev.kindling.TrainedModel;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.run.TablePreparation;
import dev.kindling.driver.table.TablePreparer;
import dev.kindling.job.protocol.Job;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import org.apache.commons.io.FileUtils;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands on {@code conf/table-growth.conf}: the prepared table of a run, and what evaluates or resumes with it. */
class TableRunTest {
    private static final String TABLE = "../conf/growth.csv";
    private static SparkApplication spark;

    /** A training with all defaults, which tests copy. */
    @TempDir
    private static Path trained;

    private static Outcome training;

    /** Options of a quicker training. */
    private static final List<String> QUICK = List.of("--set", "table.stack=none", "--set", "run.members=1");

    @TempDir
    private Path temporary;

    @BeforeAll
    static void trainOnce() {
        spark = SparkApplication.start("test", Optional.of("local[2]"));
        training = train(trained.resolve("run"));
        assertEnded(training, 0);
    }

    /** A copy of the training with all defaults. */
    private Path trained() throws IOException {
        Path run = temporary.resolve("copy");
        FileUtils.copyDirectory(trained.resolve("run").toFile(), run.toFile());
        return run;
    }

    @AfterAll
    static void stopSpark() {
        spark.close();
    }

    private static Outcome train(Path run, String... more) {
        return train(run, spark::cluster, new Signals(), more);
    }

    private static Outcome trainQuickly(Path run, String... more) {
        List<String> all = new ArrayList<>(QUICK);
        all.addAll(List.of(more));
        return train(run, all.toArray(String[]::new));
    }

    private static Outcome train(
            Path run, BiFunction<Job, ClusterSettings, Cluster> clusters, Signals signals, String... more) {
        return train(run, clusters, TablePreparer.on(spark)::prepare, signals, more);
    }

    private static Outcome train(
            Path run,
            BiFunction<Job, ClusterSettings, Cluster> clusters,
            TablePreparation tables,
            Signals signals,
            String... more) {
        List<String> args = new ArrayList<>(List.of(
                "train", "--conf", "../conf/table-growth.conf", "--out", run.toString(), "--set", "run.rounds=8"));
        for (String set : List.of(
                "table.path=" + TABLE,
                "task.meta-batch-size=5",
                "run.validate-every=4",
                "run.log-every=0",
                "evaluation.steps=2",
                "cluster.mode=jobs")) {
            args.addAll(List.of("--set", set));
        }
        args.addAll(List.of(more));
        return CommandLineForTests.on(clusters, tables, signals, args);
    }

    /** Trains with SIGTERM at the begin of the preparation of its table. */
    private static Outcome stoppedInPreparation(Path run, String... more) {
        Signals signals = new Signals();
        return train(
                run,
                spark::cluster,
                (settings, folder, fitted) -> {
                    signals.arrived("TERM");
                    return TablePreparer.on(spark).prepare(settings, folder, fitted);
                },
                signals,
                more);
    }

    private static Outcome command(String... args) {
        return CommandLineForTests.on(spark::cluster, TablePreparer.on(spark)::prepare, new Signals(), List.of(args));
    }

    private Outcome evaluate(Path run, String... sets) {
        List<String> args = new ArrayList<>(List.of("evaluate", "--out", run.toString()));
        for (String set : sets) {
            args.addAll(List.of("--set", set));
        }
        return command(args.toArray(String[]::new));
    }

    private static void assertEnded(Outcome outcome, int code) {
        assertThat(outcome.code()).as("%s%s", outcome.out(), outcome.err()).isEqualTo(code);
    }

    private static JsonNode parsed(String line) {
        try {
            return new ObjectMapper().readTree(line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    @Test
    void aTableWithoutTestGroupsIsTrainedOnButNotEvaluated() throws IOException {
        Path run = temporary.resolve("run");
        Outcome trained = train(run, "--set", "table.split=[1,0,0]", "--set", "table.stack=none");
        assertEnded(trained, 0);
        String reason = "the table has no test group of at least 4 rows, as evaluation.support is 3 needs with a query";
        assertThat(trained.out()).contains("the model is not evaluated: " + reason);
        assertThat(run.resolve("evaluation.json")).doesNotExist();
        assertThat(TrainedModel.load(run.toString()).parameters()).isNotEmpty();

        Outcome resumed = command("train", "--resume", "--out", run.toString());
        assertEnded(resumed, 0);
        Outcome evaluated = evaluate(run);
        assertEnded(evaluated, 3);
        assertThat(evaluated.err()).contains("the model cannot be evaluated: " + reason);
        assertEnded(command("report", "--out", run.toString()), 0);
    }

    @Test
    void theLossOfAValidationIsThatOfAllQueryRowsTogether() throws IOException {
        // The same groups as the evaluation's, whose error over rows is the root of that loss in the label's units.
        Path run = temporary.resolve("run");
        assertEnded(
                trainQuickly(
                        run,
                        "--set",
                        "run.rounds=4",
                        // All rounds have the same θ, so that it does not matter which one is chosen.
                        "--set",
                        "optimizer.learning-rate=1e-30",
                        "--set",
                        "run.log-every=1",
                        "--set",
                        "validation.tasks=all",
                        "--set",
                        "evaluation.split=val",
                        "--set",
                        "evaluation.support=2"),
                0);
        double loss = Files.readAllLines(run.resolve("metrics.jsonl")).stream()
                .map(TableRunTest::parsed)
                .filter(line -> line.path("round").asInt() == 4)
                .mapToDouble(line -> line.path("validation_loss").asDouble())
                .findFirst()
                .orElseThrow();
        JsonNode steps = json(run.resolve("evaluation.json")).path("steps");
        JsonNode last = steps.get(steps.size() - 1);
        double std =
                json(run.resolve("model/table.json")).findValue("label_std").asDouble();
        assertThat(loss).isNotCloseTo(last.at("/loss/mean").asDouble(), within(1e-6));
        assertThat(Math.sqrt(loss) * std).isCloseTo(last.path("rmse").asDouble(), within(1e-5));
    }

    @Test
    void noEvaluationTasksMeanNoEvaluation() {
        Path run = temporary.resolve("run");
        Outcome trained = trainQuickly(run, "--set", "evaluation.tasks=0");
        assertEnded(trained, 0);
        assertThat(trained.out()).contains("the model is not evaluated: evaluation.tasks is 0");
        Outcome resumed = command("train", "--resume", "--out", run.toString());
        assertEnded(resumed, 0);
        assertThat(resumed.out()).contains("is finished");
        assertThat(run.resolve("evaluation.json")).doesNotExist();
        Outcome evaluated = evaluate(run, "evaluation.tasks=5");
        assertEnded(evaluated, 0);
        assertThat(run.resolve("evaluation.json")).exists();
    }

    @Test
    void aRunKeepsItsTableAndItsEncodingAndEvaluatesWithThem() throws IOException {
        Path run = trained();
        assertThat(training.out()).contains("preparing the table", "test groups with", "in the label's units");
        assertThat(run.resolve("model/table.json")).hasSameBinaryContentAs(run.resolve("table/table.json"));
        JsonNode evaluation = json(run.resolve("evaluation.json"));
        JsonNode pack = json(run.resolve("table/pack.json"));
        assertThat(evaluation.at("/protocol/tasks").asInt())
                .isEqualTo(pack.at("/splits/test/groups").asInt());
        assertThat(evaluation.at("/protocol/padding").asDouble()).isBetween(0.01, 0.6);
        double scaled = Math.sqrt(evaluation.at("/steps/0/loss/mean").asDouble())
                * pack.at("/label_std").asDouble();
        assertThat(evaluation.at("/steps/0/rmse").asDouble()).isBetween(scaled / 2, scaled * 2);
        byte[] before = Files.readAllBytes(run.resolve("evaluation.json"));
        // The table itself may be gone: a run's own pack is its data.
        assertEnded(evaluate(run, "evaluation.per-task=true"), 0);
        assertThat(json(run.resolve("evaluation.json")).get("steps"))
                .isEqualTo(new ObjectMapper().readTree(before).get("steps"));
        List<Row> rows = spark.session()
                .read()
                .parquet(run.resolve("evaluation.parquet").toString())
                .collectAsList();
        assertThat(rows.stream().map(row -> row.<String>getAs("name")).distinct())
                .hasSize(evaluation.at("/protocol/tasks").asInt())
                .allMatch(name -> name.matches("c\\d{3}"));
    }

    @Test
    void otherDataIsEvaluatedWithTheEncodingOfTheRun() throws IOException {
        Path run = trained();
        assertEnded(evaluate(run, "evaluation.support=0"), 0);
        JsonNode own = json(run.resolve("evaluation.json"));
        assertEnded(evaluate(run, "evaluation.support=0", "table.path=" + taller()), 0);
        JsonNode other = json(run.resolve("evaluation.json"));
        assertThat(other.at("/protocol/tasks")).isEqualTo(own.at("/protocol/tasks"));
        assertThat(other.at("/steps/0/rmse").asDouble())
                .as("20 cm are not learned by fitting the scales again")
                .isGreaterThan(own.at("/steps/0/rmse").asDouble() + 5);
    }

    /** The table with 20 cm more in each row. */
    private Path taller() throws IOException {
        List<String> lines = new ArrayList<>();
        for (String line : Files.readAllLines(Path.of(TABLE))) {
            int comma = line.lastIndexOf(',');
            lines.add(
                    lines.isEmpty()
                            ? line
                            : line.substring(0, comma + 1) + (Double.parseDouble(line.substring(comma + 1)) + 20));
        }
        return Files.write(temporary.resolve("taller.csv"), lines);
    }

    @Test
    void aStoppedRunGoesOnWithItsPackOrPreparesTheSameOneAgain() throws IOException {
        Path straight = trained.resolve("run");
        Path first = temporary.resolve("stopped");
        Signals signals = new Signals();
        Outcome stopped = train(
                first,
                (job, settings) -> new WatchedCluster(spark.cluster(job, settings), request -> {
                    if (request.program().equals("train")
                            && request.specs().get(0).round() == 3) {
                        signals.arrived("TERM");
                    }
                }),
                signals);
        assertEnded(stopped, 6);
        Outcome other = train(first, "--resume", "--set", "table.path=" + taller());
        assertEnded(other, 3);
        assertThat(other.err()).contains("the data has changed");
        for (boolean deleted : new boolean[] {false, true}) {
            Path run = temporary.resolve("stopped-" + deleted);
            FileUtils.copyDirectory(first.toFile(), run.toFile());
            if (deleted) {
                FileUtils.deleteDirectory(run.resolve("table").toFile());
                Outcome again = stoppedInPreparation(run, "--resume");
                assertEnded(again, 6);
                assertThat(again.err())
                        .isEqualTo("SIGTERM stopped the run after 4 of 8 rounds; kindling train --resume --out " + run
                                + " resumes it\n");
                JsonNode status = json(run.resolve("status.json"));
                assertThat(status.path("state").asText()).isEqualTo("stopped");
                assertThat(status.path("exit_code").asInt()).isEqualTo(6);
                assertThat(status.path("round").asInt()).isEqualTo(4);
            }
            assertEnded(train(run, "--resume"), 0);
            assertThat(run.resolve("model/theta.safetensors"))
                    .hasSameBinaryContentAs(straight.resolve("model/theta.safetensors"));
            assertThat(run.resolve("table/pack.json")).hasSameBinaryContentAs(straight.resolve("table/pack.json"));
        }
    }

    @Test
    void aStopDuringThePreparationEndsWithSixAndTheSameCommandBeginsAgain() {
        Path run = temporary.resolve("run");
        Outcome stopped = stoppedInPreparation(run, QUICK.toArray(String[]::new));
        assertEnded(stopped, 6);
        assertThat(stopped.err())
                .isEqualTo("SIGTERM stopped the run while its table was prepared; the same command begins it again\n");
        assertThat(run.resolve("config.conf")).doesNotExist();
        assertEnded(trainQuickly(run), 0);
    }

    @Test
    void aTableThatIsRefusedLeavesNoRun() {
        Path run = temporary.resolve("run");
        Outcome missing = trainQuickly(run, "--set", "table.group=family");
        assertEnded(missing, 2);
        assertThat(missing.err()).contains("table.group is family, which is no column of the table");
        assertEnded(trainQuickly(run), 0);
    }

    @Test
    void aPreparedTableIsChecked() {
        Path run = temporary.resolve("run");
        assertEnded(train(run, "--set", "table.stack=none", "--set", "table.embedding=true"), 0);
        assertThat(TrainedModel.load(run.toString()).parameters()).containsKey("member-0.bayesian-linear.embedding-0");
        Outcome checked = command("check", "--out", run.toString());
        assertEnded(checked, 0);
        assertThat(checked.out()).contains("passed: splits disjoint (420 groups, none in two)");
    }

    @Test
    void aProgramTrainsOnATableOfItsSessionWithoutARunFolder() {
        Dataset<Row> table = spark.session()
                .read()
                .option("header", true)
                .option("inferSchema", true)
                .csv(TABLE);
        List<String> before = temporaryTables();
        TrainedModel model = MetaTrainer.builder()
                .tasks(Tables.of(table)
                        .group("child")
                        .label("height")
                        .order("age")
                        .support(0, 4)
                        .query(8)
                        .evaluationSupport(2)
                        .build())
                .network(Networks.named("mlp-8-8"))
                .rounds(3)
                .metaBatchSize(4)
                .build()
                .fit(spark.session());
        assertThat(model.evaluation().orElseThrow().step(0).rmse()).isPresent();
        assertThat(model.evaluate(2).steps()).isNotEmpty();
        assertThat(temporaryTables()).as("prepared tables without a run").isEqualTo(before);
    }

    private static List<String> temporaryTables() {
        String[] names =
                new File(System.getProperty("java.io.tmpdir")).list((folder, name) -> name.startsWith("kindling"));
        return Arrays.stream(Objects.requireNonNull(names)).sorted().toList();
    }
}
