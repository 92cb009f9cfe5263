package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.storage.SmallDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests runs on a file system whose writes fail and which does not support append. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FailingDiskTest {
    private static final String FULL = "No space left on device";

    @TempDir
    private Path temporary;

    @BeforeEach
    void install() {
        TroubledFileSystem.install();
    }

    @AfterEach
    void uninstall() {
        TroubledFileSystem.uninstall();
    }

    private List<String> args(TinyRun run, String... more) {
        List<String> args = run.args(more);
        args.set(args.indexOf(run.folder().toString()), "troubled://" + run.folder());
        return args;
    }

    private Outcome train(TinyRun run, String... more) {
        return CommandLineForTests.onThreads(1, args(run, more));
    }

    /** Trains; when the given round begins, files whose name matches can no longer be written. */
    private Outcome trainUntilFull(TinyRun run, long round, String files) {
        return CommandLineForTests.on(
                (job, settings) -> new WatchedCluster(job, 1, request -> {
                    if (request.program().equals("train")
                            && request.specs().get(0).round() == round) {
                        TroubledFileSystem.fails(name -> name.matches(files) ? Optional.of(FULL) : Optional.empty());
                    }
                }),
                new Signals(),
                args(run));
    }

    @Test
    void aRunOnAFileSystemWithoutAppendHasTheSameFiles() {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun run = TinyRun.in(temporary, "run");
        Outcome outcome = train(run);
        assertThat(outcome.code()).as(outcome.err()).isZero();
        run.assertSameAs(uninterrupted);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ".*",
                "theta.*",
                "optimizer.*",
                "manifest.*",
                "metrics.*",
            })
    void aFullDiskEndsWithThreeAndTheRunIsResumedOnceThereIsSpace(String files) {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun run = TinyRun.in(temporary, "run");
        Outcome outcome = trainUntilFull(run, 10, files);
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(3);
        assertThat(outcome.err().lines()).as(outcome.err()).hasSize(1);
        assertThat(outcome.err()).startsWith("cannot write troubled:").contains(FULL);
        assertThat(run.checkpoints()).contains("00000004");
        TroubledFileSystem.works();
        Outcome end = train(run, "--resume");
        assertThat(end.code()).as(end.err()).isZero();
        run.assertSameAs(uninterrupted);
    }

    @Test
    void aStatusThatCannotBeWrittenDoesNotStopTheRun() {
        TinyRun run = TinyRun.in(temporary, "run");
        Outcome outcome = trainUntilFull(run, 10, "status.*");
        assertThat(outcome.code()).isEqualTo(3);
        assertThat(outcome.err()).contains("status.json").contains(FULL);
        assertThat(run.file("evaluation.json")).isNotEmptyFile();
        TroubledFileSystem.works();
        assertThat(train(run, "--resume").code()).isZero();
        assertThat(run.json("status.json").at("/state").asText()).isEqualTo("done");
    }

    @Test
    void aFullDiskLeavesTheStatusFailedAndNoPartialFile() throws IOException {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun run = TinyRun.in(temporary, "run");
        SmallDisk disk = new SmallDisk(temporary);
        assertThatThrownBy(() -> run.trainIn(disk.folder("run"), request -> {
                    if (request.program().equals("train")
                            && request.specs().get(0).round() == 10) {
                        try {
                            disk.fill();
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    }
                }))
                .hasMessageContaining("cannot write " + run.folder())
                .hasMessageEndingWith(FULL);
        assertThat(run.json("status.json").at("/state").asText()).isEqualTo("failed");
        assertThat(run.json("status.json").at("/exit_code").asInt()).isEqualTo(3);
        assertThat(run.json("status.json").at("/message").asText()).endsWith(FULL);
        assertThat(run.checkpoints())
                .isNotEmpty()
                .allSatisfy(name -> assertThat(run.file("checkpoints/" + name + "/manifest.json"))
                        .exists());
        assertThat(run.train("--resume").code()).isZero();
        run.assertSameAs(uninterrupted);
    }

    @Test
    void aFolderThatCannotBeWrittenEndsWithThreeBeforeTheFirstRound() {
        TroubledFileSystem.fails(name -> Optional.of("Read-only file system"));
        TinyRun run = TinyRun.in(temporary, "run");
        Outcome outcome = train(run);
        assertThat(outcome.code()).isEqualTo(3);
        assertThat(outcome.err().strip())
                .isEqualTo("cannot write troubled:" + run.file(".lock") + ": Read-only file system");
        TroubledFileSystem.works();
        assertThat(run.folder()).isEmptyDirectory();
        assertThat(train(run).code()).isZero();
    }

    @Test
    void aCheckpointWithLostBlocksIsDamaged() throws IOException {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun run = TinyRun.in(temporary, "run");
        assertThat(run.stoppedIn(10).code()).isEqualTo(6);
        TroubledFileSystem.damages(path -> path.contains("00000011/theta"));
        Outcome end = train(run, "--resume");
        assertThat(end.code()).as(end.err()).isZero();
        assertThat(end.out())
                .contains(
                        "00000011/theta.safetensors is damaged: Could not obtain block; the checkpoint before it is used")
                .contains("resuming after 8 rounds");
        TroubledFileSystem.works();
        run.assertSameAs(uninterrupted);
    }

    @Test
    void aFailureToCloseMetricsIsRecordedInTheStatus() {
        TroubledFileSystem.showsWhatIsFlushed();
        TinyRun run = TinyRun.in(temporary, "run");
        Outcome outcome = train(run);
        assertThat(outcome.code()).isEqualTo(3);
        assertThat(outcome.err()).contains("metrics.jsonl: lease expired");
        assertThat(run.json("status.json").at("/state").asText()).isEqualTo("failed");
        assertThat(run.json("status.json").at("/exit_code").asInt()).isEqualTo(3);
    }

    @Test
    void aFailureToReopenMetricsIsRecordedInTheStatus() {
        TinyRun run = TinyRun.in(temporary, "run");
        assertThat(run.stoppedIn(10).code()).isEqualTo(6);
        TroubledFileSystem.fails(name -> name.startsWith("metrics") ? Optional.of(FULL) : Optional.empty());
        assertThat(train(run, "--resume").code()).isEqualTo(3);
        assertThat(run.json("status.json").at("/state").asText()).isEqualTo("failed");
        assertThat(run.json("status.json").at("/message").asText())
                .contains("metrics.jsonl")
                .contains(FULL);
        assertThat(run.json("status.json").at("/round").asInt()).isEqualTo(11);
    }

    @Test
    void aDamagedCheckpointIsReportedAndThePreviousOneIsUsed() throws IOException {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted");
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun run = TinyRun.in(temporary, "run");
        assertThat(run.stoppedIn(10).code()).isEqualTo(6);
        Path theta = run.file("checkpoints/00000011/theta.safetensors");
        byte[] bytes = Files.readAllBytes(theta);
        bytes[bytes.length / 2] ^= 1;
        Files.write(theta, bytes);
        Outcome end = run.train("--resume");
        assertThat(end.code()).as(end.err()).isZero();
        assertThat(end.out())
                .contains(theta + " is damaged: its bytes do not match the checksum in its manifest;"
                        + " the checkpoint before it is used\n")
                .contains("resuming after 8 rounds");
        run.assertSameAs(uninterrupted);
    }

    @Test
    void ifEveryCheckpointIsDamagedTheRunEndsWithThreeAndNoFileIsDeleted() throws IOException {
        TinyRun run = TinyRun.in(temporary, "run");
        assertThat(run.stoppedIn(10).code()).isEqualTo(6);
        for (String name : run.checkpoints()) {
            Files.writeString(run.file("checkpoints/" + name + "/manifest.json"), "{}");
        }
        List<String> before = Files.readAllLines(run.file("metrics.jsonl"));
        Outcome outcome = run.train("--resume");
        assertThat(outcome.code()).isEqualTo(3);
        assertThat(outcome.err()).contains("no checkpoint in " + run.file("checkpoints") + " can be used");
        assertThat(outcome.err().lines()).hasSize(1);
        assertThat(Files.readAllLines(run.file("metrics.jsonl"))).isEqualTo(before);
        assertThat(run.json("status.json").at("/state").asText()).isEqualTo("failed");
        assertThat(run.json("status.json").at("/exit_code").asInt()).isEqualTo(3);
        assertThat(run.json("status.json").at("/message").asText())
                .isEqualTo(outcome.err().strip());
        assertThat(run.json("status.json").at("/round").asInt()).isEqualTo(11);
    }
}
