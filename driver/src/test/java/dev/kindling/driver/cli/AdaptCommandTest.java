package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.clusters.SmallImages;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.plan.PlanSettings;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.driver.run.StoredConfiguration;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.fewshot.FewShotSource;
import dev.kindling.job.tensor.FlatVector;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipFile;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands {@code adapt} and {@code evaluate --episodes} on folders of images, compared with drawn evaluation tasks. */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AdaptCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path temporary;

    private Path folder;

    private static Outcome run(String... args) {
        return CommandLineForTests.onThreads(2, List.of(args));
    }

    /** Trains on the small images for two rounds. */
    private TinyRun small(String... sets) throws IOException {
        SmallImages.write(temporary);
        List<String> all = new ArrayList<>(List.of(
                "run.rounds=2",
                "task.source=few-shot",
                "task.support=1",
                "few-shot.ways=3",
                "task.query=2",
                "evaluation.query=2",
                "few-shot.data=" + temporary.resolve("pictures.zip"),
                "few-shot.split=" + temporary.resolve("splits"),
                "model.network=omniglot-fc",
                "backend.name=vector",
                "algorithm.inner-learning-rate=0.1",
                "evaluation.tasks=4"));
        all.addAll(List.of(sets));
        TinyRun run = TinyRun.in(temporary, "run", all.toArray(String[]::new));
        Outcome outcome = run.train();
        assertThat(outcome.code()).as(outcome.err()).isZero();
        folder = run.folder();
        return run;
    }

    /** Relation networks need larger feature maps. */
    private static String network(String method) {
        return method.equals("relation-net") ? "conv4-relation" : "conv4";
    }

    private static int imageSize(String method) {
        return method.equals("relation-net") ? 22 : 12;
    }

    private ResolvedRun resolved() {
        JobConfig own = StoredConfiguration.load(RunDirectory.open(folder.toString(), new Configuration()), List.of());
        return ResolvedRun.here(own.with(Map.of("evaluation.per-task", true)));
    }

    private FlatVector theta(ResolvedRun resolved) {
        return RunDirectory.open(folder.toString(), new Configuration())
                .readModel()
                .theta()
                .flat(resolved.plan().parameters(), resolved.plan().precision());
    }

    private DrawnTasks drawn(ResolvedRun resolved, Path... zips) throws IOException {
        return new DrawnTasks(
                (FewShotSource) resolved.source(),
                resolved.settings().evaluation().seed(),
                3,
                zips);
    }

    /** The outputs after the last step of the program that predicts a task, for the given arrays. */
    private static double[] outputs(ResolvedRun resolved, FlatVector theta, List<double[]> arrays) {
        PlanSettings settings = resolved.settings().plan();
        EpisodeLayout layout = resolved.episode();
        Executable executable = Backends.named(settings.backend().name())
                .compile(
                        settings.algorithm()
                                .predict(
                                        ModelFactory.of(settings.model(), layout),
                                        layout,
                                        resolved.settings().evaluation().steps()),
                        settings.backend().options());
        double[] curve = new double[executable.program().perTask().size()];
        try (Workspace workspace = executable.workspace()) {
            workspace.setBroadcastInputs(theta);
            workspace.run(
                    1,
                    (task, target, offset) -> {
                        int at = offset;
                        for (double[] array : arrays) {
                            for (double number : array) {
                                target.set(at++, number);
                            }
                        }
                    },
                    FlatVector.zeros(
                            executable.precision(), executable.program().sums().size()),
                    curve);
        }
        return Arrays.copyOfRange(curve, curve.length - layout.query() * layout.outputs(), curve.length);
    }

    private static double[] softmax(double[] row) {
        double largest = Arrays.stream(row).max().orElseThrow();
        double[] powers =
                Arrays.stream(row).map(x -> StrictMath.exp(x - largest)).toArray();
        double sum = 0;
        for (double power : powers) {
            sum += power;
        }
        double total = sum;
        return Arrays.stream(powers).map(power -> power / total).toArray();
    }

    private void predictionsAreThoseOfTheTask(ResolvedRun resolved, DrawnTasks tasks) throws IOException {
        FlatVector theta = theta(resolved);
        Path episodes = tasks.write(temporary.resolve("episodes"));
        Evaluation evaluation;
        try (LocalCluster cluster = new LocalCluster(resolved.plan().job(), new Configuration(), 2)) {
            evaluation = resolved.evaluator().evaluate(cluster, theta);
        }
        int last = evaluation.steps().size() - 1;
        for (int task = 0; task < 3; task++) {
            Path episode = episodes.resolve("%03d".formatted(task));
            Path to = temporary.resolve("predictions" + task + ".json");
            Outcome outcome = run(
                    "adapt",
                    "--out",
                    folder.toString(),
                    "--support",
                    episode.resolve("support").toString(),
                    "--query",
                    episode.resolve("query").toString(),
                    "--to",
                    to.toString());
            assertThat(outcome.code()).as(outcome.err()).isZero();
            double accuracy =
                    evaluation.tasks().orElseThrow().accuracy(task, last).orElseThrow();
            assertThat(outcome.out()).contains(String.format(Locale.ROOT, "accuracy %.2f%%", 100 * accuracy));
            JsonNode rows = JSON.readTree(to.toFile());
            double[] outputs = outputs(resolved, theta, tasks.sortedArrays(task));
            int ways = resolved.episode().classes();
            assertThat(rows).hasSize(outputs.length / ways);
            double right = 0;
            for (int query = 0; query < rows.size(); query++) {
                double[] expected = softmax(Arrays.copyOfRange(outputs, query * ways, (query + 1) * ways));
                for (int i = 0; i < ways; i++) {
                    assertThat(rows.get(query).at("/probabilities/" + i).asDouble())
                            .isEqualTo(expected[i]);
                }
                right +=
                        rows.get(query).get("prediction").equals(rows.get(query).get("class")) ? 1 : 0;
            }
            assertThat(right / rows.size()).isCloseTo(accuracy, within(1e-6));
        }
        // The same episodes, all by one evaluation.
        Outcome outcome = run("evaluate", "--out", folder.toString(), "--episodes", episodes.toString());
        assertThat(outcome.code()).as(outcome.err()).isZero();
        JsonNode given = JSON.readTree(folder.resolve("evaluation.json").toFile());
        for (int task = 0; task < 3; task++) {
            for (int step = 0; step <= last; step++) {
                JsonNode episode = given.at("/episodes/" + task);
                assertThat(episode.get("name").asText()).isEqualTo("%03d".formatted(task));
                assertThat(episode.get("accuracy").get(step).asDouble())
                        .isCloseTo(
                                evaluation
                                        .tasks()
                                        .orElseThrow()
                                        .accuracy(task, step)
                                        .orElseThrow(),
                                within(1e-6));
                assertThat(episode.get("loss").get(step).asDouble())
                        .isCloseTo(evaluation.tasks().orElseThrow().loss(task, step), within(1e-4));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "maml,query",
        "maml,support-and-query",
        "maml,support-and-one",
        "maml,running",
        "anil,query",
        "proto-maml,query",
        "proto-net,query",
        "relation-net,query"
    })
    void predictionsForFoldersAreThoseOfTheDrawnTask(String method, String batchNorm) throws IOException {
        small(
                "algorithm.name=" + method,
                "model.batch-norm=" + batchNorm,
                "model.network=" + network(method),
                "few-shot.image-size=" + imageSize(method),
                "backend.precision=double");
        ResolvedRun resolved = resolved();
        predictionsAreThoseOfTheTask(resolved, drawn(resolved, temporary.resolve("pictures.zip")));
    }

    @Test
    void onOmniglotPredictionsForFoldersAreThoseOfTheDrawnTask() throws IOException {
        Path omniglot = Omniglot.folder();
        Path splits = Files.createDirectories(temporary.resolve("upright"));
        for (String file : List.of("train.txt", "val.txt", "test.txt")) {
            Files.write(
                    splits.resolve(file),
                    Files.readAllLines(omniglot.resolve("splits-vinyals").resolve(file)).stream()
                            .filter(line -> line.endsWith("/rot000"))
                            .limit(12)
                            .map(line -> line.replace("/rot000", ""))
                            .toList());
        }
        folder = temporary.resolve("o51");
        Path job = Path.of("..", "conf", "omniglot-conv4-5w1s-maml.conf");
        Outcome outcome = run(
                "train",
                "--conf",
                job.toString(),
                "--out",
                folder.toString(),
                "--set",
                "few-shot.data=" + omniglot,
                "--set",
                "few-shot.split=" + splits,
                "--set",
                "run.rounds=3",
                "--set",
                "task.meta-batch-size=4",
                "--set",
                "evaluation.tasks=3",
                "--set",
                "evaluation.query=3",
                "--set",
                "evaluation.steps=2");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        ResolvedRun resolved = resolved();
        DrawnTasks tasks =
                drawn(resolved, omniglot.resolve("images_background.zip"), omniglot.resolve("images_evaluation.zip"));
        predictionsAreThoseOfTheTask(resolved, tasks);
    }

    private Path episode(int... support) throws IOException {
        Path pictures = Files.createDirectories(temporary.resolve("task"));
        try (ZipFile zip = new ZipFile(temporary.resolve("pictures.zip").toFile())) {
            for (int type = 0; type < support.length; type++) {
                for (int image = 0; image <= support[type]; image++) {
                    String set = image < support[type] ? "support" : "query";
                    Path file = pictures.resolve(set + "/class" + type + "/" + image + ".png");
                    Files.createDirectories(file.getParent());
                    try (InputStream in =
                            zip.getInputStream(zip.getEntry("test/class" + type + "/" + image + ".png"))) {
                        Files.write(file, in.readAllBytes());
                    }
                }
            }
        }
        return pictures;
    }

    private Outcome adapt(Path task, String... more) {
        List<String> args = new ArrayList<>(List.of(
                "adapt",
                "--out",
                folder.toString(),
                "--support",
                task.resolve("support").toString(),
                "--query",
                task.resolve("query").toString()));
        args.addAll(List.of(more));
        return CommandLineForTests.onThreads(1, args);
    }

    private static void isRefused(Outcome outcome, int code, String... parts) {
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(code);
        assertThat(outcome.err()).hasLineCount(1).contains(parts);
    }

    @ParameterizedTest
    @ValueSource(strings = {"proto-net", "relation-net", "proto-maml"})
    void aMethodWithoutAFixedOutputLayerTakesAnyNumberOfClassesAndImages(String method) throws IOException {
        small(
                "algorithm.name=" + method,
                "model.network=" + network(method),
                "few-shot.image-size=" + imageSize(method));
        Path task = episode(1, 3, 2, 1, 2);
        Outcome outcome = adapt(task, "--to", temporary.resolve("p.csv").toString());
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("9 support images of 5 classes, 5 query images", "accuracy");
        List<String> lines = Files.readAllLines(temporary.resolve("p.csv"));
        assertThat(lines).hasSize(6);
        assertThat(lines.get(0))
                .isEqualTo("file,prediction,class,probability_class0,probability_class1,probability_class2,"
                        + "probability_class3,probability_class4");
        assertThat(lines.get(1)).startsWith("class0/1.png,class").contains(",class0,");
        assertThat(Arrays.stream(lines.get(1).split(","))
                        .skip(3)
                        .mapToDouble(Double::parseDouble)
                        .sum())
                .isCloseTo(1, within(1e-9));
        Outcome episodes = run(
                "evaluate",
                "--out",
                folder.toString(),
                "--episodes",
                Files.createDirectories(temporary.resolve("all")).toString());
        isRefused(episodes, 3, "--episodes is", "which has no episodes");
        Files.move(task, temporary.resolve("all/one"));
        Outcome evaluated = run(
                "evaluate",
                "--out",
                folder.toString(),
                "--episodes",
                temporary.resolve("all").toString());
        assertThat(evaluated.code()).as(evaluated.err()).isZero();
        assertThat(evaluated.out())
                .contains("accuracy of 1 fixed tasks of few-shot", "of each episode after step", "one");
        JsonNode evaluation = JSON.readTree(folder.resolve("evaluation.json").toFile());
        assertThat(evaluation.at("/protocol/split").asText()).isEqualTo("fixed");
        assertThat(evaluation.at("/protocol/episodes").asText()).endsWith("/all");
        assertThat(evaluation.at("/protocol/ways").asInt()).isEqualTo(5);
        assertThat(evaluation.at("/protocol/shots").toString()).isEqualTo("[1,3]");
        assertThat(evaluation.at("/protocol/query").asInt()).isEqualTo(1);
        assertThat(folder.resolve("evaluation.parquet")).isNotEmptyFile();
        String said = outcome.out()
                .lines()
                .filter(line -> line.startsWith("accuracy"))
                .findFirst()
                .orElseThrow();
        int last = evaluation.at("/steps").size() - 1;
        assertThat(said)
                .isEqualTo(String.format(
                        Locale.ROOT,
                        "accuracy %.2f%%",
                        100 * evaluation.at("/episodes/0/accuracy/" + last).asDouble()));
    }

    @Test
    void anOutputLayerOfAFixedWidthRefusesAnotherNumberOfClassesWithTheReason() throws IOException {
        small();
        Path task = episode(1, 1);
        isRefused(
                adapt(task),
                2,
                "the support set has 2 classes; it must have 3, for omniglot-fc with maml learns an output layer",
                "proto-net");
        Files.createDirectories(temporary.resolve("all"));
        Files.move(task, temporary.resolve("all/one"));
        isRefused(
                run(
                        "evaluate",
                        "--out",
                        folder.toString(),
                        "--episodes",
                        temporary.resolve("all").toString()),
                2,
                "few-shot.ways is 3",
                "the episodes of --episodes have 2 classes",
                "learns an output layer of that width");
    }

    @Test
    void theSameFolderGivesTheSameBitsWithoutTheTrainingData() throws IOException {
        small();
        Path task = episode(1, 2, 3);
        for (String name : List.of("one", "two")) {
            Outcome outcome = adapt(
                    task,
                    "--to",
                    temporary.resolve(name + ".json").toString(),
                    "--adapted",
                    temporary.resolve(name + ".safetensors").toString());
            assertThat(outcome.code()).as(outcome.err()).isZero();
            assertThat(outcome.out())
                    .contains("predictions depend on the other query images: model.batch-norm is query");
            Files.deleteIfExists(temporary.resolve("pictures.zip"));
        }
        assertThat(temporary.resolve("two.json")).hasSameBinaryContentAs(temporary.resolve("one.json"));
        assertThat(temporary.resolve("two.safetensors")).hasSameBinaryContentAs(temporary.resolve("one.safetensors"));
        Files.createDirectories(temporary.resolve("all"));
        Files.move(task, temporary.resolve("all/a"));
        byte[] first = null;
        for (int threads = 1; threads <= 2; threads++) {
            Outcome outcome = CommandLineForTests.onThreads(
                    threads,
                    List.of(
                            "evaluate",
                            "--out",
                            folder.toString(),
                            "--episodes",
                            temporary.resolve("all").toString()));
            assertThat(outcome.code()).as(outcome.err()).isZero();
            byte[] bytes = Files.readAllBytes(folder.resolve("evaluation.json"));
            first = first == null ? bytes : first;
            assertThat(bytes).isEqualTo(first);
        }
    }

    @Test
    void adaptedParametersAreThoseOfTheNetworkAndDifferFromTheModel() throws IOException {
        small();
        Path task = episode(1, 1, 1);
        Path none = temporary.resolve("none.safetensors");
        Path some = temporary.resolve("some.safetensors");
        assertThat(adapt(task, "--steps", "0", "--adapted", none.toString()).code())
                .isZero();
        assertThat(adapt(task, "--steps", "2", "--adapted", some.toString()).code())
                .isZero();
        byte[] model = Files.readAllBytes(folder.resolve("model/theta.safetensors"));
        double[] theta = values(model);
        assertThat(values(Files.readAllBytes(none))).isEqualTo(theta);
        assertThat(values(Files.readAllBytes(some))).hasSameSizeAs(theta).isNotEqualTo(theta);
        isRefused(adapt(task, "--adapted", some.toString()), 2, "--adapted: ", "exists");
    }

    private static double[] values(byte[] file) {
        return Safetensors.decode(file, "file").arrays().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .flatMapToDouble(
                        entry -> Arrays.stream(entry.getValue().values().toDoubles()))
                .toArray();
    }

    @Test
    void flatQueriesArePredictedAndParquetHasAColumnForEachClass() throws IOException {
        small("model.batch-norm=support-and-one");
        Path task = episode(1, 1, 1);
        Path flat = Files.createDirectories(temporary.resolve("flat"));
        Files.copy(task.resolve("query/class1/1.png"), flat.resolve("a, \"b\".png"));
        Files.copy(task.resolve("query/class2/1.png"), flat.resolve("c.png"));
        Path csv = temporary.resolve("p.csv");
        Path parquet = temporary.resolve("p.parquet");
        for (Path to : List.of(csv, parquet)) {
            Outcome outcome = run(
                    "adapt",
                    "--out",
                    folder.toString(),
                    "--support",
                    task.resolve("support").toString(),
                    "--query",
                    flat.toString(),
                    "--to",
                    to.toString());
            assertThat(outcome.code()).as(outcome.err()).isZero();
            assertThat(outcome.out()).doesNotContain("accuracy", "depend on the other");
        }
        List<String> lines = Files.readAllLines(csv);
        assertThat(lines.get(0)).isEqualTo("file,prediction,probability_class0,probability_class1,probability_class2");
        assertThat(lines.get(1)).startsWith("\"a, \"\"b\"\".png\",class");
        try (SparkSession spark = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", false)
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate()) {
            List<Row> rows = spark.read().parquet(parquet.toString()).collectAsList();
            assertThat(rows).hasSize(2);
            assertThat(rows.get(0).schema().fieldNames())
                    .containsExactly(
                            "file", "prediction", "probability_class0", "probability_class1", "probability_class2");
            assertThat(rows.get(1).getString(0)).isEqualTo("c.png");
            assertThat(lines.get(2)).endsWith("," + rows.get(1).getDouble(4));
        }
    }

    @Test
    void wrongUsageAndBadDataAreRefusedInOneLine() throws IOException {
        small();
        Path task = episode(1, 1, 1);
        String out = folder.toString();
        isRefused(run("adapt"), 2, "--out is missing");
        isRefused(run("adapt", "--out", out, "--support", "x"), 2, "--query is missing");
        isRefused(run("adapt", "--out", out, "--query", "x"), 2, "--support is missing");
        isRefused(adapt(task, "--to", "p.txt"), 2, "--to is p.txt; its name must end in .csv, .json or .parquet");
        isRefused(adapt(task, "--steps", "-1"), 2, "--steps is -1; it must be at least 0");
        isRefused(adapt(task, "--set", "model.network=conv4"), 2, "--conf and --set ask for another model");
        isRefused(
                run(
                        "adapt",
                        "--out",
                        out,
                        "--support",
                        temporary.resolve("absent").toString(),
                        "--query",
                        out),
                3,
                "--support is",
                "does not exist");
        isRefused(
                run(
                        "adapt",
                        "--out",
                        out,
                        "--support",
                        task.resolve("support").toString(),
                        "--query",
                        task.resolve("query/class0/1.png").toString()),
                3,
                "--query is",
                "must be a folder");
        Files.writeString(task.resolve("query/class0/broken.png"), "no image");
        isRefused(adapt(task), 3, "--query: image class0/broken.png", "is not an image");
        Files.delete(task.resolve("query/class0/broken.png"));
        Files.createDirectories(task.resolve("query/other"));
        Files.copy(task.resolve("query/class0/1.png"), task.resolve("query/other/1.png"));
        isRefused(adapt(task), 3, "--query: the folder", "has the class other, which is not in the support set");
        Files.createDirectories(task.resolve("support/other"));
        isRefused(adapt(task), 3, "--support: the folder", "class other has no images");
        isRefused(
                run(
                        "evaluate",
                        "--out",
                        out,
                        "--episodes",
                        temporary.resolve("absent").toString()),
                3,
                "--episodes is",
                "does not exist");
    }

    @Test
    void aMethodWithoutInnerStepsRefusesStepsAndAdaptedParameters() throws IOException {
        small("algorithm.name=proto-net");
        Path task = episode(1, 1);
        isRefused(adapt(task, "--steps", "2"), 2, "--steps is 2; it must be left out for algorithm.name = proto-net");
        isRefused(
                adapt(task, "--adapted", temporary.resolve("a.safetensors").toString()),
                2,
                "--adapted must be left out for algorithm.name = proto-net");
    }

    @Test
    void aRunWithoutImagesIsRefused() throws IOException {
        TinyRun sines = TinyRun.in(temporary, "sines", "run.rounds=1");
        assertThat(sines.train().code()).isZero();
        folder = sines.folder();
        SmallImages.write(temporary);
        isRefused(adapt(episode(1, 1)), 2, "task.source = sinusoid; it must be few-shot");
        isRefused(
                run("evaluate", "--out", folder.toString(), "--episodes", temporary.toString()),
                2,
                "--episodes is",
                "task.source = few-shot, not sinusoid");
    }
}
