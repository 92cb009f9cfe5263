package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests {@code train --resume}. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ResumeTest {
    @TempDir
    private Path temporary;

    @ParameterizedTest
    @CsvSource({
        "adam,float,0",
        "adam,double,5",
        "adamw,float,0",
        "nesterovs,float,0",
        "sgd,float,3",
        "amsgrad,float,0",
        "adadelta,float,0",
        "radam,float,0",
    })
    void aRepeatedlyStoppedRunEqualsAnUninterruptedRun(String optimizer, String precision, int validateEvery)
            throws IOException {
        String[] sets = {
            "optimizer.name=" + optimizer, "backend.precision=" + precision, "run.validate-every=" + validateEvery
        };
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted", sets);
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun stopped = TinyRun.in(temporary, "stopped", sets);
        assertStopped(stopped, stopped.stoppedIn(0), 1);
        // Before a checkpoint's round, in it, and after it; in a round with a validation; in the last one.
        for (int round : List.of(2, 3, 4, 9, 17, 23)) {
            assertStopped(stopped, stopped.stoppedIn(round, "--resume"), round + 1);
        }
        Outcome end = stopped.train("--resume");
        assertThat(end.code()).as(end.err()).isZero();
        stopped.assertSameAs(uninterrupted);
        assertThat(stopped.json("status.json").at("/state").asText()).isEqualTo("done");
        assertThat(seconds(stopped)).isSorted();
    }

    private static void assertStopped(TinyRun run, Outcome outcome, int rounds) {
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(6);
        assertThat(outcome.err().strip())
                .isEqualTo("SIGTERM stopped the run after " + rounds + " of 24 rounds; kindling train --resume --out "
                        + run.folder() + " resumes it");
        assertThat(run.json("status.json").at("/state").asText()).isEqualTo("stopped");
        assertThat(run.json("status.json").at("/exit_code").asInt()).isEqualTo(6);
        assertThat(run.json("status.json").at("/round").asInt()).isEqualTo(rounds);
        assertThat(run.json("status.json").at("/hint").asText())
                .isEqualTo("kindling train --resume --out " + run.folder());
        assertThat(run.file(".lock")).doesNotExist();
        assertThat(run.checkpoints()).last().isEqualTo(String.format("%08d", rounds));
    }

    private static List<Double> seconds(TinyRun run) throws IOException {
        return Files.readAllLines(run.file("metrics.jsonl")).stream()
                .map(line -> Double.parseDouble(line.replaceFirst(".*\"seconds\":([0-9.E-]+).*", "$1")))
                .toList();
    }

    @Test
    void parameterGroupsAreResumedCannotChangeAndMustMatchAParameter() throws IOException {
        String groups = "optimizer.groups=[{ parameters = \"0_*\", learning-rate-factor = 0.5, weight-decay = 0.1 }]";
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted", groups);
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun stopped = TinyRun.in(temporary, "stopped", groups);
        assertThat(stopped.stoppedIn(10).code()).isEqualTo(6);
        assertThat(stopped.json("model/manifest.json").toString()).contains("\"learning-rate-factor\":0.5");
        Outcome changed = stopped.train("--resume", "--set", groups.replace("0.5", "0.6"));
        assertThat(changed.code()).isEqualTo(2);
        assertThat(changed.err()).contains("optimizer.groups was [{").contains("0.6");
        assertThat(stopped.train("--resume").code()).isZero();
        stopped.assertSameAs(uninterrupted);
        TinyRun without = TinyRun.in(temporary, "without");
        assertThat(without.train().code()).isZero();
        assertThat(Files.mismatch(
                        without.file("model/theta.safetensors"), uninterrupted.file("model/theta.safetensors")))
                .isNotNegative();

        TinyRun nothing = TinyRun.in(temporary, "nothing", groups.replace("0_", "7_"));
        Outcome refused = nothing.train();
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err().strip())
                .startsWith("optimizer.groups has 7_*, which fits none of the parameters 0_W, 0_b");
        assertThat(nothing.folder()).doesNotExist();
    }

    @Test
    void resumingWithAnotherNumberOfThreadsGivesTheSameBits() {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun stopped = TinyRun.in(temporary, "stopped");
        assertThat(stopped.stoppedIn(10).code()).isEqualTo(6);
        assertThat(CommandLineForTests.onThreads(3, stopped.args("--resume")).code())
                .isZero();
        stopped.assertSameAs(uninterrupted);
    }

    @Test
    void sparkResumesARunThatThreadsBegan() {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted", "run.validate-every=5");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun stopped = TinyRun.in(temporary, "stopped", "run.validate-every=5");
        assertThat(stopped.stoppedIn(10).code()).isEqualTo(6);
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Kindling.run(
                stopped.args("--resume", "--master", "local[2]").toArray(String[]::new),
                new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8));
        assertThat(code).as(err.toString(StandardCharsets.UTF_8)).isZero();
        stopped.assertSameAs(uninterrupted);
    }

    @Test
    void metricsAfterTheCheckpointAndIncompleteLinesAreRemoved() throws IOException {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun stopped = TinyRun.in(temporary, "stopped");
        assertThat(stopped.stoppedIn(10).code()).isEqualTo(6);
        Files.writeString(
                stopped.file("metrics.jsonl"),
                "{\"round\":12,\"query_loss\":1.0}\n{\"round\":15,\"quer",
                StandardOpenOption.APPEND);
        assertThat(stopped.train("--resume").code()).isZero();
        stopped.assertSameAs(uninterrupted);
    }

    @Test
    void withoutACheckpointARunBeginsAtRoundZero() throws IOException {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun fresh = TinyRun.in(temporary, "fresh");
        assertThat(fresh.train("--resume").code()).isZero();
        fresh.assertSameAs(uninterrupted);
        TinyRun empty = TinyRun.in(temporary, "empty");
        Files.createDirectories(empty.folder());
        assertThat(empty.train("--resume").code()).isZero();
        empty.assertSameAs(uninterrupted);
        TinyRun died = TinyRun.in(temporary, "died");
        Files.createDirectories(died.folder());
        Files.copy(uninterrupted.file("config.conf"), died.file("config.conf"));
        Files.writeString(died.file("metrics.jsonl"), "{\"round\":3}\n");
        assertThat(died.train("--resume").code()).isZero();
        died.assertSameAs(uninterrupted);
    }

    @Test
    void aFinishedRunIsReportedAndUnchanged() throws IOException {
        TinyRun run = TinyRun.in(temporary, "run");
        assertThat(run.train().code()).isZero();
        byte[] status = Files.readAllBytes(run.file("status.json"));
        Outcome again = run.train("--resume");
        assertThat(again.code()).as(again.err()).isZero();
        assertThat(again.out().strip())
                .isEqualTo("the run in " + run.folder() + " is finished: 24 rounds and an evaluation");
        assertThat(run.file("status.json")).hasBinaryContent(status);
        assertThat(run.file(".lock")).doesNotExist();
    }

    @Test
    void aRunEndsIfItsFolderIsRemovedAndDoesNotRecreateIt() {
        // No checkpoint is being written while the folder is removed.
        TinyRun run = TinyRun.in(temporary, "run", "run.checkpoint-every=20");
        Outcome outcome = run.watched(
                request -> {
                    if (request.program().equals("train")
                            && request.specs().get(0).round() == 10) {
                        remove(run.folder());
                    }
                },
                new Signals());
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(3);
        assertThat(outcome.err().strip())
                .isEqualTo(run.folder() + " was removed while the run went on: it has no config.conf any more; "
                        + "begin the run anew");
        assertThat(run.folder()).doesNotExist();
    }

    private static void remove(Path folder) {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path one : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(one);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aRunIsResumedWithItsStoredConfiguration() {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted", "run.seed=5");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun stopped = TinyRun.in(temporary, "stopped", "run.seed=5");
        assertThat(stopped.stoppedIn(10).code()).isEqualTo(6);
        Outcome end = CommandLineForTests.onThreads(
                1, List.of("train", "--resume", "--out", stopped.folder().toString()));
        assertThat(end.code()).as(end.err()).isZero();
        stopped.assertSameAs(uninterrupted);
    }

    @Test
    void resumeNeedsOut() {
        Outcome outcome = CommandLineForTests.onThreads(1, List.of("train", "--resume", "--conf", "x.conf"));
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err().strip()).isEqualTo("--resume needs --out; it must be the directory of the run");
    }

    @Test
    void aFolderWithoutARunIsNotResumed() throws IOException {
        TinyRun run = TinyRun.in(temporary, "run");
        Files.createDirectories(run.folder());
        Files.writeString(run.file("theirs.txt"), "theirs");
        Outcome outcome = run.train("--resume");
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).contains("which is not empty");
        assertThat(run.folder().toFile().list()).containsExactly("theirs.txt");
    }

    @Test
    void aChangedConfigurationIsRefusedWithTheKeysAndBothValues() throws IOException {
        TinyRun run = TinyRun.in(temporary, "run");
        assertThat(run.stoppedIn(5).code()).isEqualTo(6);
        String before = Files.readString(run.file("config.conf"));
        Outcome outcome = run.train("--resume", "--set", "run.seed=9", "--set", "algorithm.inner-learning-rate=0.5");
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err().strip())
                .isEqualTo("the run in " + run.folder() + " cannot be resumed with another configuration: "
                        + "algorithm.inner-learning-rate was 0.01 and is 0.5, run.seed was 1 and is 9; "
                        + "undo these changes, or begin a run in another folder");
        assertThat(run.file("config.conf")).hasContent(before);
        assertThat(run.json("status.json").at("/state").asText()).isEqualTo("stopped");
    }

    @Test
    void keysWithoutEffectOnResultsMayChangeAndAreStored() throws IOException {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun stopped = TinyRun.in(temporary, "stopped");
        assertThat(stopped.stoppedIn(10).code()).isEqualTo(6);
        Outcome end = stopped.train(
                "--resume",
                "--set",
                "cluster.workers=2",
                "--set",
                "backend.memory=1 MiB",
                "--set",
                "evaluation.per-task=true",
                "--set",
                "few-shot.memory=1 MiB",
                "--set",
                "run.checkpoint-keep=1",
                "--set",
                "run.checkpoint-every=0");
        assertThat(end.code()).as(end.err()).isZero();
        assertThat(Files.readString(stopped.file("config.conf"))).contains("checkpoint-keep=1");
        stopped.assertSameAs(uninterrupted);
        assertThat(stopped.file("evaluation.parquet")).exists();
        // The last one, and the oldest, which will be the first older than a minute.
        assertThat(stopped.checkpoints()).containsExactly("00000004", "00000024");
    }

    @Test
    void roundsMayBeIncreasedIfNoScheduleDependsOnThem() {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted", "run.rounds=30");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun longer = TinyRun.in(temporary, "longer");
        assertThat(longer.train().code()).isZero();
        assertThat(longer.train("--resume", "--set", "run.rounds=30").code()).isZero();
        longer.assertSameAs(uninterrupted);
        Outcome fewer = longer.train("--resume", "--set", "run.rounds=10");
        assertThat(fewer.code()).isEqualTo(2);
        assertThat(fewer.err())
                .contains("run.rounds is 10; the run in")
                .contains("has 30 rounds already; it must be at least 30");
    }

    @Test
    void anExtendedRunHasNeitherTheEvaluationNorTheLastMetricsLineOfItsFormerEnd() {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted", "run.rounds=30", "run.log-every=5");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun longer = TinyRun.in(temporary, "longer", "run.log-every=5");
        assertThat(longer.train().code()).isZero();
        assertThat(longer.metrics()).last().asString().contains("\"round\":24");
        assertThat(longer.stoppedIn(26, "--resume", "--set", "run.rounds=30").code())
                .isEqualTo(6);
        assertThat(longer.file("evaluation.json")).doesNotExist();
        assertThat(longer.train("--resume", "--set", "run.rounds=30").code()).isZero();
        longer.assertSameAs(uninterrupted);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{ schedule = cosine, from = 1e-3, to = 0 }",
                "{ schedule = warm-up, from = 0, rounds = 4, then = { schedule = linear, from = 1e-3, to = 0 } }"
            })
    void roundsOnWhichAScheduleDependsMayNotChange(String rate) {
        TinyRun run = TinyRun.in(temporary, "run", "optimizer.learning-rate=" + rate);
        assertThat(run.stoppedIn(5).code()).isEqualTo(6);
        Outcome outcome = run.train("--resume", "--set", "run.rounds=30");
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).contains("run.rounds was 24 and is 30");
        assertThat(run.train("--resume").code()).isZero();
    }
}
