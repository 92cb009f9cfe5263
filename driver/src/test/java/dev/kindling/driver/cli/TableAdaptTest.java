package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.TablePredictions;
import dev.kindling.TrainedModel;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.driver.run.StoredConfiguration;
import dev.kindling.driver.table.TablePreparer;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Program;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskKey;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.task.table.TableEncoding;
import dev.kindling.job.task.table.TableEncodingJson;
import dev.kindling.job.tensor.FlatVector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code adapt} on runs that were trained on {@code conf/growth.csv}. */
class TableAdaptTest {
    private static final String TABLE = "../conf/growth.csv";
    private static final int SUPPORT = 3;

    private static SparkApplication spark;
    private static Path run;

    @TempDir
    private static Path runs;

    @TempDir
    private Path temporary;

    @BeforeAll
    static void train() {
        spark = SparkApplication.start("test", Optional.of("local[2]"));
        run = train("bayesian-linear");
    }

    @AfterAll
    static void stopSpark() {
        spark.close();
    }

    private static Path train(String method) {
        Path folder = runs.resolve(method);
        List<String> args =
                new ArrayList<>(List.of("train", "--conf", "../conf/table-growth.conf", "--out", folder.toString()));
        for (String set : List.of(
                "table.path=" + TABLE,
                "table.embedding=true",
                "algorithm.name=" + method,
                "model.network=mlp-8-8-tanh",
                "run.rounds=4",
                "run.validate-every=0",
                "run.log-every=0",
                "evaluation.steps=2",
                "cluster.mode=jobs")) {
            args.addAll(List.of("--set", set));
        }
        assertEnded(CommandLineForTests.onSpark(spark.session(), args), 0);
        return folder;
    }

    private static void assertEnded(Outcome outcome, int code) {
        assertThat(outcome.code()).as("%s%s", outcome.out(), outcome.err()).isEqualTo(code);
    }

    private static Outcome adapt(Path folder, Path data, Path to, String... more) {
        List<String> args = new ArrayList<>(
                List.of("adapt", "--out", folder.toString(), "--data", data.toString(), "--to", to.toString()));
        args.addAll(List.of(more));
        return CommandLineForTests.onSpark(spark.session(), args);
    }

    /** The table without the labels of all rows but the first of each child. */
    private Path hidden() throws IOException {
        List<String> lines = Files.readAllLines(Path.of(TABLE));
        Map<String, Integer> rows = new TreeMap<>();
        // A child's rows are in the order of age.
        List<String> hidden = lines.stream()
                .map(line -> rows.merge(line.substring(0, line.indexOf(',')), 1, Integer::sum) <= SUPPORT
                        ? line
                        : line.substring(0, line.lastIndexOf(',') + 1))
                .toList();
        return Files.write(temporary.resolve("hidden.csv"), hidden);
    }

    private static Dataset<Row> read(Path folder, String format) {
        return spark.session()
                .read()
                .option("header", true)
                .option("inferSchema", true)
                .format(format)
                .load(folder.toString());
    }

    private static Map<String, double[]> byChild(Dataset<Row> rows) {
        return rows.filter("prediction is not null").collectAsList().stream()
                .collect(Collectors.groupingBy(
                        row -> row.<String>getAs("child"),
                        TreeMap::new,
                        Collectors.collectingAndThen(Collectors.toList(), TableAdaptTest::sorted)));
    }

    private static double[] sorted(Collection<Row> rows) {
        return rows.stream()
                .mapToDouble(row -> row.<Double>getAs("prediction"))
                .sorted()
                .toArray();
    }

    /** The predictions of the tasks of the run's evaluation, by child, sorted. */
    private static Map<String, double[]> evaluated(Path folder) {
        RunDirectory directory = RunDirectory.open(folder.toString(), HadoopSettings.load());
        ResolvedRun resolved =
                ResolvedRun.here(StoredConfiguration.load(directory, List.of()), TablePreparer.on(spark)::prepare);
        FlatVector theta = directory
                .readModel()
                .theta()
                .flat(resolved.plan().parameters(), resolved.plan().precision());
        TableEncoding encoding =
                TableEncodingJson.read(directory.readModel().table().orElseThrow(), "table.json");
        Algorithm algorithm = resolved.plan().algorithm();
        Map<String, double[]> predictions = new TreeMap<>();
        for (int index = 0; index < resolved.source().tasks(Split.TEST).orElseThrow(); index++) {
            TaskSpec spec = resolved.source().sample(new TaskKey(1, Split.TEST, 0, index));
            EpisodeLayout layout = resolved.source().layout(spec);
            Program program = algorithm.predict(resolved.plan().model(layout), layout, 2);
            Workspace workspace = Backends.named("vector")
                    .compile(program, resolved.plan().job().options())
                    .workspace();
            workspace.setBroadcastInputs(theta);
            double[] results = new double[program.perTask().size()];
            workspace.run(
                    1,
                    (task, target, offset) -> resolved.source().materialise(spec, target, offset),
                    FlatVector.zeros(theta.precision(), program.sums().size()),
                    results);
            int end = program.perTask().offset("prediction")
                    + program.perTask().shape("prediction").size();
            double[] last = Arrays.copyOfRange(
                    results,
                    end - layout.query(),
                    end - layout.query() + resolved.source().queries(spec));
            predictions.put(
                    resolved.source().name(spec).orElseThrow(),
                    Arrays.stream(last)
                            .map(value -> value * encoding.labelStd() + encoding.labelMean())
                            .sorted()
                            .toArray());
        }
        return predictions;
    }

    /** To rounding: the process in the order of the rows has products whose bits depend on the padded sizes. */
    @Test
    void predictionsAreThoseOfTheEvaluation() throws IOException {
        Path to = temporary.resolve("predictions.parquet");
        Outcome outcome = adapt(run, hidden(), to);
        assertEnded(outcome, 0);
        assertThat(outcome.out())
                .contains("420 groups, adapted to 1260 rows, ", " rows predicted", "the predictions are in ");
        Dataset<Row> rows = read(to, "parquet");
        assertThat(rows.count()).isEqualTo(Files.readAllLines(Path.of(TABLE)).size() - 1);
        assertThat(rows.columns())
                .containsExactly(
                        "child",
                        "age",
                        "sex",
                        "region",
                        "mother_height",
                        "birth_weight",
                        "nurse",
                        "season",
                        "height",
                        "prediction",
                        "stddev");
        assertThat(rows.filter("(height is null) <> (prediction is not null) or (stddev <= 0)")
                        .count())
                .isZero();
        Map<String, double[]> predicted = byChild(rows);
        Map<String, double[]> evaluated = evaluated(run);
        assertThat(evaluated).hasSizeGreaterThan(50);
        evaluated.forEach(
                (child, values) -> assertThat(predicted.get(child)).as(child).containsExactly(values, within(1e-4)));
    }

    @Test
    void aMethodWithInnerStepsPredictsAfterThem() throws IOException {
        Path maml = train("maml");
        Map<String, double[]> evaluated = evaluated(maml);
        Path own = temporary.resolve("own.json");
        assertEnded(adapt(maml, hidden(), own), 0);
        Map<String, double[]> predicted = byChild(read(own, "json"));
        evaluated.forEach(
                (child, values) -> assertThat(predicted.get(child)).as(child).containsExactly(values, within(1e-3)));
        Path none = temporary.resolve("none.orc");
        assertEnded(adapt(maml, hidden(), none, "--steps", "0"), 0);
        assertThat(byChild(read(none, "orc")).get("c001")).isNotEqualTo(predicted.get("c001"));
        assertEnded(adapt(maml, hidden(), temporary.resolve("negative"), "--steps", "-1"), 2);
    }

    @Test
    void aProgramPredictsADatasetOfItsSession() throws IOException {
        Dataset<Row> table = read(hidden(), "csv");
        Path to = temporary.resolve("predictions");
        assertEnded(adapt(run, hidden(), to), 0);
        TrainedModel model = TrainedModel.load(run.toString());
        TablePredictions predictions = model.tablePredictor().predict(table);
        assertThat(predictions.predictedRows()).isZero();
        assertThat(byChild(predictions.rows())).usingRecursiveComparison().isEqualTo(byChild(read(to, "parquet")));
        assertThat(predictions.predictedRows()).isPositive();
        assertThat(predictions.faultyGroups()).isZero();
        // All labelled rows but the first three, told by a column.
        Dataset<Row> labelled = read(Path.of(TABLE), "csv")
                .withColumn(
                        "shown",
                        functions
                                .row_number()
                                .over(org.apache.spark.sql.expressions.Window.partitionBy("child")
                                        .orderBy("age"))
                                .leq(SUPPORT));
        assertThat(byChild(model.tablePredictor()
                        .supportColumn("shown")
                        .predict(labelled)
                        .rows()))
                .usingRecursiveComparison()
                .isEqualTo(byChild(predictions.rows()));
    }

    @Test
    void groupsThatCannotBeUsedAreListedAndAreNoFailureUnlessThereIsNoOther() throws IOException {
        Path data = hidden();
        List<String> lines = new ArrayList<>(Files.readAllLines(data));
        lines.set(1, lines.get(1).replaceFirst(",3\\.73,", ",Infinity,"));
        Files.write(data, lines);
        Path to = temporary.resolve("some.csv");
        Outcome some = adapt(run, data, to);
        assertEnded(some, 0);
        assertThat(some.out())
                .contains("warning: 1 groups have rows that cannot be used", "  group c001: age is Infinity");
        assertThat(byChild(read(to, "csv"))).hasSize(419).doesNotContainKey("c001");

        List<String> only = lines.stream()
                .filter(line -> line.startsWith("child") || line.startsWith("c001"))
                .toList();
        Files.write(data, only);
        Path none = temporary.resolve("none.csv");
        Outcome all = adapt(run, data, none);
        assertEnded(all, 3);
        assertThat(all.err()).contains("rows without a label can be predicted: group c001: age is Infinity");
        assertThat(none).doesNotExist();
    }

    @Test
    void whatCannotBeDoneIsRefusedWithOneLine() throws IOException {
        Path data = hidden();
        Path to = temporary.resolve("to");
        refused(2, "--to is missing", "--data", data.toString());
        refused(2, "--support is x; it must be left out with --data", "--data", "t.csv", "--to", "t", "--support", "x");
        refused(2, "--adapted is x; it must be left out with --data", "--data", "t.csv", "--to", "t", "--adapted", "x");
        refused(
                2,
                "--support-column is x; it must be left out without --data",
                "--support",
                "a",
                "--query",
                "b",
                "--support-column",
                "x");
        refused(
                2,
                "--steps is 3; it must be left out for algorithm.name = bayesian-linear",
                "--data",
                data.toString(),
                "--to",
                to.toString(),
                "--steps",
                "3");
        refused(3, "--data is ", "--data", temporary.resolve("missing.csv").toString(), "--to", to.toString());
        refused(2, "table.format is empty and --data is ", "--data", run.toString(), "--to", to.toString());
        refused(
                3,
                "the table has no column seen",
                "--data",
                data.toString(),
                "--to",
                to.toString(),
                "--support-column",
                "seen");
        Files.createDirectory(to);
        refused(2, "exists; it must be a file that is not there yet", "--data", data.toString(), "--to", to.toString());
        assertThat(to).isEmptyDirectory();
        List<String> without = Files.readAllLines(data).stream()
                .map(line -> line.substring(line.indexOf(',', line.indexOf(',') + 1) + 1))
                .toList();
        Files.write(data, without);
        refused(
                3,
                "the table has no column child, age, which the model needs",
                "--data",
                data.toString(),
                "--to",
                to.resolve("new").toString());
        assertThat(to).isEmptyDirectory();
    }

    private static void refused(int code, String message, String... options) {
        List<String> args = new ArrayList<>(List.of("adapt", "--out", run.toString()));
        args.addAll(List.of(options));
        Outcome outcome = CommandLineForTests.onSpark(spark.session(), args);
        assertEnded(outcome, code);
        assertThat(outcome.err()).contains(message).hasLineCount(1);
    }
}
