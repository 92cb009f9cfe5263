package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.run.ClusterProvider;
import dev.kindling.job.protocol.Job;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the command line: options, messages, exit codes, and complete runs. */
class KindlingTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private Path job;
    private Path run;

    @BeforeEach
    void writeJob() throws IOException {
        job = folder.resolve("tiny.conf");
        run = folder.resolve("run");
        Files.writeString(job, """
                run { rounds = 20, log-every = 5 }
                task { meta-batch-size = 3, support = 4, query = 4 }
                model { network = mlp-40-tanh, initializer = fan-in-uniform }
                backend.name = reference
                evaluation { tasks = 7, steps = 2, query = 5 }
                """);
    }

    @Test
    void trainWritesACompleteRunAndPrintsItsFolder() throws IOException {
        Outcome outcome = train();
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.err()).isEmpty();
        assertThat(outcome.out())
                .contains("query loss")
                .contains("meta-trained")
                .contains("untrained")
                .contains("the run is in " + run);
        assertThat(run).isDirectoryContaining("glob:**/config.conf");
        assertThat(run.resolve("model/theta.safetensors")).isNotEmptyFile();
        assertThat(run.resolve("model/network.json")).isNotEmptyFile();
        JsonNode status = json("status.json");
        assertThat(status.at("/state").asText()).isEqualTo("done");
        assertThat(status.at("/exit_code").asInt(-1)).isZero();
        assertThat(status.at("/round").asInt()).isEqualTo(20);
        List<String> metrics = Files.readAllLines(run.resolve("metrics.jsonl"));
        assertThat(metrics).hasSize(4);
        assertThat(JSON.readTree(metrics.get(3)).at("/round").asInt()).isEqualTo(20);
        JsonNode evaluation = json("evaluation.json");
        assertThat(evaluation.at("/steps")).hasSize(3);
        assertThat(evaluation.at("/protocol/tasks").asInt()).isEqualTo(7);
        assertThat(evaluation.at("/protocol/order").asInt()).isEqualTo(2);
        JsonNode manifest = json("model/manifest.json");
        assertThat(manifest.at("/finished").asBoolean()).isTrue();
        assertThat(manifest.at("/rounds").asInt()).isEqualTo(20);
    }

    @Test
    void theSameSeedGivesTheSameBytesAndAnotherSeedOthers() throws IOException {
        assertThat(train().code()).isZero();
        byte[] first = Files.readAllBytes(run.resolve("model/theta.safetensors"));
        Path again = folder.resolve("again");
        assertThat(kindling("train", "--conf", job.toString(), "--out", again.toString())
                        .code())
                .isZero();
        assertThat(again.resolve("model/theta.safetensors")).hasBinaryContent(first);
        Path other = folder.resolve("other");
        kindling("train", "--conf", job.toString(), "--out", other.toString(), "--set", "run.seed=2");
        assertThat(Files.readAllBytes(other.resolve("model/theta.safetensors"))).isNotEqualTo(first);
    }

    @Test
    void sparkGivesTheSameBytesAsOneThread() throws IOException {
        assertThat(train().code()).isZero();
        Path onSpark = folder.resolve("on-spark");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Kindling.run(
                new String[] {"train", "--conf", job.toString(), "--out", onSpark.toString(), "--master", "local[2]"},
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
        assertThat(onSpark.resolve("model/theta.safetensors"))
                .hasBinaryContent(Files.readAllBytes(run.resolve("model/theta.safetensors")));
        assertThat(onSpark.resolve("evaluation.json"))
                .hasBinaryContent(Files.readAllBytes(run.resolve("evaluation.json")));
    }

    @Test
    void evaluateWritesTheSameEvaluationAgain() throws IOException {
        assertThat(train().code()).isZero();
        String first = Files.readString(run.resolve("evaluation.json"));
        Files.delete(run.resolve("evaluation.json"));
        Outcome outcome = kindling("evaluate", "--out", run.toString());
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(run.resolve("evaluation.json")).hasContent(first);
        assertThat(kindling("evaluate", "--out", run.toString(), "--set", "evaluation.tasks=9")
                        .code())
                .isZero();
        assertThat(json("evaluation.json").at("/protocol/tasks").asInt()).isEqualTo(9);
    }

    @ParameterizedTest
    @CsvSource({"maml,2", "fomaml,1"})
    void checkPassesForEachMethodsClaim(String algorithm, int order) throws IOException {
        Outcome outcome = kindling(
                "check",
                "--conf",
                job.toString(),
                "--set",
                "algorithm.name=" + algorithm,
                "--set",
                "algorithm.inner-learning-rate=0.1",
                "--dump",
                run.toString());
        assertThat(outcome.code()).as(outcome.out() + outcome.err()).isZero();
        assertThat(outcome.out()).contains("passed: θ moves").contains("passed: splits disjoint");
        assertThat(json("check.json").at("/order").asInt()).isEqualTo(order);
        byte[] gradient = Files.readAllBytes(run.resolve("meta-gradient.safetensors"));
        Path again = folder.resolve("again");
        kindling(
                "check",
                "--conf",
                job.toString(),
                "--set",
                "algorithm.name=" + algorithm,
                "--set",
                "algorithm.inner-learning-rate=0.1",
                "--theta",
                run.resolve("theta.safetensors").toString(),
                "--episode",
                run.resolve("episode.safetensors").toString(),
                "--set",
                "run.seed=99",
                "--dump",
                again.toString());
        assertThat(again.resolve("meta-gradient.safetensors")).hasBinaryContent(gradient);
    }

    @Test
    void stoppedRunIsRecordedInItsStatus() throws IOException {
        StringWriter err = new StringWriter();
        Signals signals = new Signals();
        ClusterProvider stopping = (name, master) -> {
            signals.arrived("TERM");
            return new Local();
        };
        int code = Kindling.run(
                new String[] {"train", "--conf", job.toString(), "--out", run.toString()},
                new CommandContext(
                        stopping, new PrintWriter(new StringWriter()), InstantSource.system(), false, signals),
                new PrintWriter(err, true));
        assertThat(code).isEqualTo(6);
        assertThat(err.toString().strip())
                .isEqualTo("SIGTERM stopped the run after 0 of 20 rounds; kindling train --resume --out " + run
                        + " resumes it");
        assertThat(json("status.json").at("/state").asText()).isEqualTo("stopped");
        assertThat(json("status.json").at("/exit_code").asInt()).isEqualTo(6);
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void anInvalidMasterEndsWithTwoAndWritesNothing() {
        for (String master : List.of("foo", "local[x]", "local-cluster[2,1]", "", "spark://", "local[0]")) {
            refused(train("--master", master), 2, "--master is " + master + "; it must be local");
        }
        assertThat(run).doesNotExist();
    }

    @Test
    void requiredAuthenticationThatIsOffEndsWithTwoAndWritesNothing() {
        String required = "cluster.require-authentication=true";
        refused(
                train("--master", "local-cluster[2,1,1024]", "--set", required),
                2,
                "cluster.require-authentication is true and spark.authenticate is not");
        assertThat(run).doesNotExist();
        assertThat(train("--master", "local[1]", "--set", required).code())
                .as("where no round leaves the JVM")
                .isZero();
    }

    @Test
    void anUnauthenticatedNetworkIsWarnedAboutBeforeARun() {
        assertThat(train("--master", "yarn").out().lines())
                .filteredOn(line -> line.startsWith("warning: "))
                .singleElement()
                .asString()
                .startsWith("warning: spark.authenticate is not true, with master yarn: ");
        assertThat(kindling("evaluate", "--out", run.toString(), "--master", "yarn")
                        .out())
                .contains("warning: spark.authenticate is not true");
    }

    @Test
    void overridesThatChangeTheModelEndWithTwo() throws IOException {
        assertThat(train().code()).isZero();
        String before = Files.readString(run.resolve("evaluation.json"));
        refused(kindling("evaluate", "--out", run.toString(), "--set", "model.network=mlp-40-40"), 2, "another model");
        assertThat(run.resolve("evaluation.json")).hasContent(before);
    }

    @Test
    void aDamagedConfigurationOfARunEndsWithThree() throws IOException {
        assertThat(train().code()).isZero();
        Files.writeString(run.resolve("config.conf"), "run { rounds = ");
        refused(kindling("evaluate", "--out", run.toString()), 3, "config.conf is damaged");
    }

    @Test
    void thetaInTheWorkingDirectoryMayBeABareName() {
        refused(kindling("check", "--conf", job.toString(), "--theta", "none.safetensors"), 3, "is missing");
    }

    @Test
    void pathsOfDataAreAbsoluteInTheStoredConfiguration() throws IOException {
        Path here = Path.of("").toAbsolutePath();
        Outcome outcome = fewShot(here.relativize(images(3).toRealPath()));
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(Files.readString(run.resolve("config.conf"))).contains("data=\"file:" + folder.toRealPath());
        assertThat(json("model/manifest.json")
                        .at("/provenance/configuration/few-shot/data")
                        .asText())
                .startsWith("file:" + folder.toRealPath());
    }

    @Test
    void anArgumentThatBeginsWithAnAtSignIsNotReadAsAFile() {
        refused(kindling("@" + job), 2, "@");
    }

    @Test
    void aFolderThatIsNotEmptyIsRefusedAndUnchanged() throws IOException {
        Files.createDirectories(run);
        Files.writeString(run.resolve("theirs.txt"), "theirs");
        Outcome outcome = train();
        refused(outcome, 2, "--out is " + run + ", which is not empty; it must be a new or an empty folder");
        try (Stream<Path> files = Files.list(run)) {
            assertThat(files).containsExactly(run.resolve("theirs.txt"));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "run.round=5|there is no key run.round; the nearest is run.rounds",
                "run.rounds=many|run.rounds is many; it must be an integer",
                "task.meta-batch-size=0|task.meta-batch-size is 0; it must be at least 1",
                "algorithm.inner-learning-rate=-1|algorithm.inner-learning-rate is -1.0; it must be a finite number above 0",
                "backend.name=abacus|backend.name is abacus; it must be vector, scalar, reference or nd4j",
                "backend.name=plain|backend.name is plain, which is now called reference; it must be vector, scalar, reference or nd4j",
                "algorithm.name=mlam|algorithm.name is mlam; it must be one of anil, bayesian-linear, cnp, fomaml, ",
                "evaluation.tasks=-1|evaluation.tasks is -1; it must be at least 0",
                "sinusoid.amplitude=[5, 1]|sinusoid.amplitude is [5.0, 1.0]; it must be [a, b]",
            })
    void aWrongSettingEndsWithTwoAndASingleLineMessage(String assignment, String sentence) {
        refused(train("--set", assignment), 2, sentence);
        assertThat(run).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"--tune", "--nonsense"})
    void anUnknownOptionEndsWithTwoAndASingleLineMessage(String option) {
        refused(train(option), 2, "Unknown option");
    }

    @Test
    void missingOptionsEndWithTwo() {
        refused(kindling(), 2, "Missing required subcommand");
        refused(kindling("tarin"), 2, "tarin");
        refused(kindling("train"), 2, "--conf is missing");
        refused(kindling("evaluate"), 2, "--out is missing");
        refused(kindling("train", "--conf", "none.conf"), 2, "--conf is none.conf; it must be a file that exists");
        refused(kindling("train", "--set"), 2, "--set");
    }

    @Test
    void helpEndsWithZero() {
        Outcome outcome = kindling("--help");
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out()).contains("train", "evaluate", "check");
        assertThat(kindling("train", "--help").out()).contains("--conf", "--set", "--master", "--out", "--debug");
    }

    @Test
    void theStackTraceIsPrintedOnlyWithDebug() {
        assertThat(train("--set", "run.rounds=0", "--debug").err()).contains("    at dev.kindling");
        assertThat(train("--set", "run.rounds=0").err()).doesNotContain("    at ");
    }

    @Test
    void evaluatingAFolderWithoutARunEndsWithThree() {
        refused(kindling("evaluate", "--out", folder.resolve("none").toString()), 3, "is no run directory");
    }

    @Test
    void aDamagedModelEndsWithThree() throws IOException {
        assertThat(train().code()).isZero();
        Path theta = run.resolve("model/theta.safetensors");
        byte[] bytes = Files.readAllBytes(theta);
        bytes[bytes.length - 1] ^= 1;
        Files.write(theta, bytes);
        refused(kindling("evaluate", "--out", run.toString()), 3, "theta.safetensors");
    }

    @Test
    void aDivergedRunEndsWithFourAndLeavesTheLastFiniteModelUnfinished() throws IOException {
        // Squares beyond what a float holds: every task of the first round fails.
        Outcome outcome = train("--set", "sinusoid.amplitude=[1e25, 1e25]");
        assertThat(outcome.code()).isEqualTo(4);
        assertThat(outcome.err().lines()).hasSize(1);
        assertThat(outcome.err()).contains("task 0 of round 0");
        assertThat(json("status.json").at("/state").asText()).isEqualTo("failed");
        assertThat(json("status.json").at("/exit_code").asInt()).isEqualTo(4);
        assertThat(json("status.json").at("/message").asText())
                .isEqualTo(outcome.err().strip());
        assertThat(json("model/manifest.json").at("/finished").asBoolean(true)).isFalse();
        assertThat(json("model/manifest.json").at("/rounds").asInt(-1)).isZero();
    }

    @Test
    void thetaOfAnotherNetworkEndsWithThree() {
        kindling("check", "--conf", job.toString(), "--dump", run.toString());
        refused(
                kindling(
                        "check",
                        "--conf",
                        job.toString(),
                        "--set",
                        "model.network=mlp-40-40",
                        "--theta",
                        run.resolve("theta.safetensors").toString()),
                3,
                "theta.safetensors holds");
    }

    @Test
    void missingImagesEndWithThree() {
        refused(fewShot(folder.resolve("nowhere")), 3, "nowhere");
    }

    @Test
    void validImagesTrain() throws IOException {
        Outcome outcome = fewShot(images(3));
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("accuracy of 7 test tasks");
        assertThat(json("evaluation.json").at("/steps/0/accuracy/mean").isNumber())
                .isTrue();
    }

    @Test
    void aClassWithTooFewImagesIsNamed() throws IOException {
        refused(fewShot(images(1)), 2, "a/c0");
    }

    @Test
    void anEmptyClassEndsWithThree() throws IOException {
        Path data = images(3);
        Files.createDirectories(data.resolve("a/empty"));
        Files.writeString(data.resolve("train.txt"), "a/c0\na/c1\na/empty\n");
        refused(fewShot(data), 3, "a/empty");
    }

    @Test
    void aFileThatIsNoImageEndsWithThree() throws IOException {
        Path data = images(3);
        Files.writeString(data.resolve("a/c1/0.png"), "no image");
        refused(fewShot(data), 3, "0.png");
    }

    @Test
    void aSplitWithAnUnknownClassEndsWithThree() throws IOException {
        Path data = images(3);
        Files.writeString(data.resolve("val.txt"), "a/c2\na/nobody\n");
        refused(fewShot(data), 3, "a/nobody");
    }

    @Test
    void overlappingSplitsEndWithTwo() throws IOException {
        Path data = images(3);
        Files.writeString(data.resolve("test.txt"), "a/c0\na/c5\n");
        refused(fewShot(data), 2, "a/c0");
    }

    @Test
    void moreWaysThanClassesEndWithTwo() throws IOException {
        refused(fewShot(images(3), "--set", "few-shot.ways=3"), 2, "few-shot.ways is 3");
    }

    @Test
    void dataThatChangedAfterTrainingEndsWithThree() throws IOException {
        Path data = images(3);
        assertThat(fewShot(data).code()).isZero();
        Path moved = folder.resolve("moved");
        Files.move(data, moved);
        // The same data at another path is accepted.
        assertThat(kindling("evaluate", "--out", run.toString(), "--set", "few-shot.data=" + moved)
                        .code())
                .isZero();
        Outcome more = fewShot(moved, "--resume", "--set", "run.rounds=5");
        assertThat(more.code()).as(more.err()).isZero();
        assertThat(json("model/manifest.json").at("/rounds").asInt()).isEqualTo(5);
        Files.copy(moved.resolve("a/c4/0.png"), moved.resolve("a/c4/9.png"));
        refused(kindling("evaluate", "--out", run.toString()), 3, "the data has changed: its hash is ");
        refused(fewShot(moved, "--resume", "--set", "run.rounds=7"), 3, "the data has changed: its hash is ");
        assertThat(json("model/manifest.json").at("/rounds").asInt()).isEqualTo(5);
        Path other = folder.resolve("other");
        Files.move(moved, other);
        Outcome asked = kindling("evaluate", "--out", run.toString(), "--set", "few-shot.data=" + other);
        assertThat(asked.code()).as(asked.err()).isZero();
    }

    /** Six classes a/c0 .. a/c5 of small images, two for each split. */
    private Path images(int drawings) throws IOException {
        Path data = folder.resolve("images");
        for (int c = 0; c < 6; c++) {
            Path images = Files.createDirectories(data.resolve("a/c" + c));
            for (int i = 0; i < drawings; i++) {
                BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
                image.setRGB(c, i, 0xffffff);
                ImageIO.write(image, "png", images.resolve(i + ".png").toFile());
            }
        }
        Files.writeString(data.resolve("train.txt"), "a/c0\na/c1\n");
        Files.writeString(data.resolve("val.txt"), "a/c2\na/c3\n");
        Files.writeString(data.resolve("test.txt"), "a/c4\na/c5\n");
        return data;
    }

    private Outcome fewShot(Path data, String... more) {
        List<String> sets = new ArrayList<>();
        for (String set : List.of(
                "task.source=few-shot",
                "few-shot.data=" + data,
                "few-shot.ways=2",
                "few-shot.image-size=8",
                "task.support=1",
                "task.query=1",
                "evaluation.query=1",
                "run.rounds=3")) {
            sets.addAll(List.of("--set", set));
        }
        sets.addAll(List.of(more));
        return train(sets.toArray(String[]::new));
    }

    private JsonNode json(String file) throws IOException {
        return JSON.readTree(Files.readString(run.resolve(file)));
    }

    @Test
    void islandsCountTheirTasksAndRefuseEvaluationOnTrainingTasks() throws IOException {
        String[] islands = {
            "--set",
            "algorithm.name=reptile",
            "--set",
            "reptile.islands=2",
            "--set",
            "reptile.island-steps=2",
            "--set",
            "task.meta-batch-size=8",
            "--set",
            "run.log-every=1"
        };
        assertThat(train(islands).code()).isZero();
        try (Stream<String> lines = Files.lines(run.resolve("metrics.jsonl"))) {
            assertThat(lines).allSatisfy(line -> assertThat(line).contains("\"tasks\":8,"));
        }
        List<String> more = new ArrayList<>(List.of(islands));
        more.addAll(List.of("--set", "evaluation.split=train"));
        refused(
                train(more.toArray(String[]::new)),
                2,
                "evaluation.split is train; it must be val or test where several tasks make one contribution");
    }

    @Test
    void parameterAveragingRefusesUnsupportedConfigurations() throws IOException {
        String[] averaging = {"--set", "algorithm.name=transfer", "--set", "transfer.engine=dl4j-spark"};
        refused(train(averaging), 2, "transfer.engine is dl4j-spark, whose Spark jobs need the slots");
        List<String> withNd4j = new ArrayList<>(List.of(averaging));
        withNd4j.addAll(List.of("--set", "cluster.mode=jobs", "--set", "backend.name=nd4j"));
        refused(
                train(withNd4j.toArray(String[]::new)),
                2,
                "which brings ND4J for processors to executors; backend.name must be vector, scalar or reference");
        Path data = images(3);
        List<String> more = new ArrayList<>(List.of(averaging));
        more.addAll(List.of("--set", "cluster.mode=jobs", "--set", "model.network=omniglot-fc"));
        refused(
                fewShot(data, more.toArray(String[]::new)),
                2,
                "model.network must have neither batch norm nor dropout, or the engine be rounds");
        assertThat(run).doesNotExist();
    }

    private static void refused(Outcome outcome, int code, String sentence) {
        assertThat(outcome.err()).contains(sentence);
        assertThat(outcome.err().lines()).as(outcome.err()).hasSize(1);
        assertThat(outcome.code()).isEqualTo(code);
    }

    private Outcome train(String... more) {
        List<String> args = new ArrayList<>(List.of("train", "--conf", job.toString(), "--out", run.toString()));
        args.addAll(List.of(more));
        return kindling(args.toArray(String[]::new));
    }

    private static Outcome kindling(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandContext context = new CommandContext(
                (name, master) -> new Local(), new PrintWriter(out), InstantSource.system(), false, SIGNALS);
        PrintWriter errors = new PrintWriter(err);
        int code = Kindling.run(args, context, errors);
        errors.flush();
        context.out().flush();
        return new Outcome(code, out.toString(), err.toString());
    }

    private static final Signals SIGNALS = new Signals();

    private record Outcome(int code, String out, String err) {}

    /** One thread of this JVM instead of Spark. */
    private static final class Local implements ClusterProvider.Session {
        @Override
        public Cluster cluster(Job job, ClusterSettings settings) {
            return new LocalCluster(job, new Configuration(), 1);
        }

        @Override
        public void close() {}
    }
}
