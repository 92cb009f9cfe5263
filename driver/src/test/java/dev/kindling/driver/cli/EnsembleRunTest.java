package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.AdaptedModel;
import dev.kindling.TrainedModel;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.table.TablePreparer;
import dev.kindling.job.protocol.Job;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands on ensembles, and on tables that are too small to train on. */
class EnsembleRunTest {
    private static final String TABLE = "../conf/growth.csv";
    private static final String[] ENSEMBLE = {"run.members=3", "run.validate-every=2"};
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

    private static Outcome command(List<String> args) {
        return command(spark::cluster, new Signals(), args);
    }

    private static Outcome command(
            BiFunction<Job, ClusterSettings, Cluster> clusters, Signals signals, List<String> args) {
        return CommandLineForTests.on(clusters, TablePreparer.on(spark)::prepare, signals, args);
    }

    private static List<String> training(Path run, String... more) {
        List<String> args =
                new ArrayList<>(List.of("train", "--conf", "../conf/table-growth.conf", "--out", run.toString()));
        List<String> sets = new ArrayList<>(List.of(
                "table.path=" + TABLE,
                "run.rounds=8",
                "run.log-every=2",
                "task.meta-batch-size=4",
                "evaluation.steps=2",
                "cluster.mode=jobs"));
        sets.addAll(List.of(more));
        sets.forEach(set -> args.addAll(List.of("--set", set)));
        return args;
    }

    private static void assertEnded(Outcome outcome, int code) {
        assertThat(outcome.code()).as("%s%s", outcome.out(), outcome.err()).isEqualTo(code);
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    /** The first children of the table: fewer groups than training takes. */
    private Path smallTable() throws IOException {
        List<String> lines = Files.readAllLines(Path.of(TABLE)).stream()
                .filter(line -> line.startsWith("child") || line.compareTo("c030") < 0)
                .toList();
        return Files.write(temporary.resolve("small.csv"), lines);
    }

    @Test
    void anEnsembleIsTrainedEvaluatedCheckedReportedAndAdapted() throws IOException {
        Path run = temporary.resolve("run");
        Outcome outcome = command(training(run, ENSEMBLE));
        assertEnded(outcome, 0);
        assertThat(outcome.out())
                .contains(
                        "342 train and validation groups with",
                        "divided into 5 folds",
                        "validation after round 0: loss");
        JsonNode best = json(run.resolve("checkpoints/00000008/manifest.json")).at("/progress/best");
        assertThat(best)
                .hasSize(3)
                .allMatch(member -> member.get("validation_loss").asDouble() > 0);
        List<String> metrics = Files.readAllLines(run.resolve("metrics.jsonl"));
        assertThat(metrics).hasSize(4);
        assertThat(new ObjectMapper()
                        .readTree(metrics.get(3))
                        .get("validation_loss")
                        .asDouble())
                .isPositive();
        byte[] evaluation = Files.readAllBytes(run.resolve("evaluation.json"));
        assertEnded(command(List.of("evaluate", "--out", run.toString())), 0);
        assertThat(json(run.resolve("evaluation.json")).get("steps"))
                .isEqualTo(new ObjectMapper().readTree(evaluation).get("steps"));

        Outcome checked = command(List.of("check", "--out", run.toString()));
        assertEnded(checked, 0);
        assertThat(checked.out()).contains("checking the first of 3 members", "passed: θ moves");
        assertEnded(command(List.of("report", "--out", run.toString())), 0);
        Outcome zip = command(
                List.of("export", "--out", run.toString(), "--format", "dl4j", "--to", temporary + "/model.zip"));
        assertEnded(zip, 2);
        assertThat(zip.err())
                .contains(
                        "--format is dl4j, whose files hold one network, and run.members is 3; it must be safetensors");
        assertEnded(
                command(List.of(
                        "export", "--out", run.toString(), "--format", "safetensors", "--to", temporary + "/model")),
                0);

        TrainedModel model = TrainedModel.load(run.toString());
        AdaptedModel adapted = model.adapt(new float[0], new float[0]);
        float[] query = new float[model.inputShape()[0]];
        assertThat(adapted.predict(query)).hasSize(1);
        assertThat(adapted.standardDeviations(query)[0]).isPositive();
    }

    @Test
    void aStoppedEnsembleGoesOnWithTheBestPartsOfItsMembers() throws IOException {
        Path straight = temporary.resolve("straight");
        assertEnded(command(training(straight, ENSEMBLE)), 0);
        Path stopped = temporary.resolve("stopped");
        Signals signals = new Signals();
        assertEnded(
                command(
                        (job, settings) -> new WatchedCluster(spark.cluster(job, settings), request -> {
                            if (request.program().equals("train")
                                    && request.specs().get(0).round() == 4) {
                                signals.arrived("TERM");
                            }
                        }),
                        signals,
                        training(stopped, ENSEMBLE)),
                6);
        List<String> resumed = training(stopped, ENSEMBLE);
        resumed.add("--resume");
        assertEnded(command(resumed), 0);
        for (String file : List.of(
                "model/theta.safetensors",
                "checkpoints/00000008/best.safetensors",
                "checkpoints/00000008/theta.safetensors")) {
            assertThat(stopped.resolve(file)).hasSameBinaryContentAs(straight.resolve(file));
        }
        assertThat(json(stopped.resolve("checkpoints/00000008/manifest.json")).at("/progress/best"))
                .isEqualTo(json(straight.resolve("checkpoints/00000008/manifest.json"))
                        .at("/progress/best"));
    }

    @Test
    void aTableOfFewGroupsIsNotTrainedOn() throws IOException {
        Path run = temporary.resolve("run");
        String small = "table.path=" + smallTable();
        List<String> train = training(run, small, "run.members=3", "run.validate-every=2", "evaluation.support=2");
        Outcome outcome = command(train);
        assertEnded(outcome, 0);
        assertThat(outcome.out())
                .containsPattern(
                        "the table has 2\\d training and validation groups, fewer than run.min-training-groups "
                                + "= 40: the start that is fitted to them is the model");
        JsonNode manifest = json(run.resolve("model/manifest.json"));
        assertThat(manifest.at("/rounds").asInt()).isZero();
        assertThat(manifest.at("/finished").asBoolean()).isTrue();
        assertThat(manifest.at("/provenance/configuration/run/members").asInt()).isOne();
        assertThat(manifest.at("/provenance/configuration/run/rounds").asInt()).isZero();
        assertThat(Files.readString(run.resolve("config.conf"))).contains("rounds=0", "members=1", "validate-every=0");
        JsonNode evaluation = json(run.resolve("evaluation.json")).at("/steps");
        assertEnded(command(List.of("evaluate", "--out", run.toString())), 0);
        assertThat(json(run.resolve("evaluation.json")).at("/steps")).isEqualTo(evaluation);
        assertEnded(command(List.of("check", "--out", run.toString())), 0);
        assertEnded(command(List.of("report", "--out", run.toString())), 0);
        train.add("--resume");
        Outcome again = command(train);
        assertEnded(again, 0);
        assertThat(again.out()).contains("is finished: 0 rounds");
        Files.delete(run.resolve("evaluation.json"));
        assertEnded(command(train), 0);
        assertThat(json(run.resolve("evaluation.json")).at("/steps")).isEqualTo(evaluation);
        assertEnded(command(List.of("train", "--resume", "--out", run.toString())), 0);
    }

    @Test
    void theStartOfASmallTableIsFittedToItsValidationGroupsToo() throws IOException {
        Path run = temporary.resolve("run");
        String small = "table.path=" + smallTable();
        assertEnded(command(training(run, small, "evaluation.support=2")), 0);
        Path trained = temporary.resolve("trained");
        assertEnded(
                command(training(
                        trained,
                        small,
                        "evaluation.support=2",
                        "run.min-training-groups=0",
                        "run.rounds=1",
                        "run.members=1",
                        "run.validate-every=0",
                        "optimizer.learning-rate=0")),
                0);
        double joined = json(run.resolve("evaluation.json")).at("/steps/0/rmse").asDouble();
        double apart =
                json(trained.resolve("evaluation.json")).at("/steps/0/rmse").asDouble();
        assertThat(joined).isNotEqualTo(apart).isCloseTo(apart, within(apart));
    }

    @Test
    void membersOfGradientMethodsShareTheDistributionOfTasks() throws IOException {
        Path run = temporary.resolve("run");
        List<String> args =
                new ArrayList<>(List.of("train", "--conf", "../conf/sinusoid-maml.conf", "--out", run.toString()));
        for (String set : List.of(
                "run.members=2",
                "run.rounds=6",
                "run.validate-every=3",
                "task.meta-batch-size=4",
                "validation.tasks=5",
                "evaluation.tasks=6")) {
            args.addAll(List.of("--set", set));
        }
        assertEnded(CommandLineForTests.onThreads(2, args), 0);
        assertThat(json(run.resolve("model/manifest.json"))
                        .at("/provenance/configuration/run/members")
                        .asInt())
                .isEqualTo(2);
        assertEnded(CommandLineForTests.onThreads(1, List.of("report", "--out", run.toString())), 0);
        assertEnded(CommandLineForTests.onThreads(1, List.of("check", "--out", run.toString())), 0);
    }

    @Test
    void settingsThatContradictMembersAreRefused() {
        refused(
                "../conf/table-growth.conf",
                "evaluation.split=val",
                "evaluation.split is val; it must be test or train");
        refused("../conf/sinusoid-maml.conf", "algorithm.name=random", "run.members is 2; it must be 1 with");
        refused("../conf/sinusoid-maml.conf", "run.members=0", "run.members is 0; it must be at least 1");
        refused("../conf/sinusoid-maml.conf", "run.rounds=0", "run.rounds is 0; it must be at least 1");
    }

    private void refused(String job, String set, String message) {
        Outcome outcome = command(List.of(
                "train",
                "--conf",
                job,
                "--out",
                temporary.resolve("refused").toString(),
                "--set",
                "table.path=" + TABLE,
                "--set",
                "run.members=2",
                "--set",
                set));
        assertEnded(outcome, 2);
        assertThat(outcome.err()).contains(message);
    }
}
