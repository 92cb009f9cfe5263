package dev.kindling.driver.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.checkpoint.RunDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class MetricsTest {
    @TempDir
    Path temporary;

    private RunDirectory run() {
        return RunDirectory.create(temporary.resolve("run").toString(), new Configuration(), "");
    }

    private static RoundMetrics metrics(long round, OptionalDouble accuracy, double norm) {
        return new RoundMetrics(
                round,
                0.5,
                accuracy,
                1.25,
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                norm,
                24,
                1,
                3.5,
                1000,
                7000,
                8000,
                new RoundTimings(1_000, 2_000, 3_000_000, 4_000, 5_000, 0, 7_500));
    }

    @Test
    void aLineIsVisibleAsSoonAsItIsWritten() throws IOException {
        Path file = temporary.resolve("run/metrics.jsonl");
        try (MetricsWriter log = MetricsWriter.create(run(), MetricsWriter.Files.LINES)) {
            log.write(metrics(10, OptionalDouble.empty(), 2));
            assertThat(Files.readString(file))
                    .isEqualTo(
                            "{\"round\":10,\"query_loss\":0.5,\"support_loss\":1.25,\"meta_gradient_norm\":2.0,"
                                    + "\"tasks\":24,\"failed_tasks\":1,\"seconds\":3.5,\"tasks_per_second\":1000.0,"
                                    + "\"bytes_out\":7000,\"bytes_in\":8000,\"round_milliseconds\":{\"sample\":0.001,\"materialize\":0.002,"
                                    + "\"compute\":3.0,\"reduce\":0.004,\"communication\":0.005,\"idle\":0.0,\"optimize\":0.0075}}\n");
            log.write(metrics(20, OptionalDouble.of(0.75), Double.NaN));
            log.syncAction().run();
            assertThat(Files.readAllLines(file)).hasSize(2);
            assertThat(Files.readAllLines(file).get(1))
                    .startsWith("{\"round\":20,\"query_loss\":0.5,\"query_accuracy\":0.75,")
                    .contains("\"meta_gradient_norm\":null");
        }
        assertThat(temporary.resolve("run/.metrics.jsonl.crc")).doesNotExist();
    }

    @Test
    void aResumedEventFileHasTheRecordsOfTheRetainedLines() throws IOException {
        Path file = temporary.resolve("run/events.out.tfevents.kindling");
        RunDirectory run = run();
        try (MetricsWriter log = MetricsWriter.create(run, MetricsWriter.Files.LINES)) {
            log.write(metrics(5, OptionalDouble.empty(), 2));
            log.write(metrics(10, OptionalDouble.empty(), 2));
        }
        assertThat(file).doesNotExist();
        MetricsWriter.resumed(run, MetricsWriter.Files.LINES_AND_EVENTS, 6, OptionalLong.empty(), warning -> {})
                .close();
        long one = Files.size(file);
        try (MetricsWriter log = MetricsWriter.resumed(
                run, MetricsWriter.Files.LINES_AND_EVENTS, 6, OptionalLong.empty(), warning -> {})) {
            assertThat(Files.size(file)).isEqualTo(one);
            log.write(metrics(7, OptionalDouble.empty(), 2));
            log.syncAction().run();
            assertThat(Files.size(file)).isGreaterThan(one + 100);
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aDiskWithoutSpaceIsAFailureWithASingleLineMessage() throws IOException {
        RunDirectory run = run();
        Files.createSymbolicLink(temporary.resolve("run/metrics.jsonl"), Path.of("/dev/full"));
        MetricsWriter log = MetricsWriter.create(run, MetricsWriter.Files.LINES);
        assertThatThrownBy(() -> log.write(metrics(10, OptionalDouble.empty(), 2)))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessage("cannot write " + temporary.resolve("run/metrics.jsonl") + ": No space left on device");
        Files.createSymbolicLink(temporary.resolve("run/.status.json.new"), Path.of("/dev/full"));
        assertThatThrownBy(() -> new StatusFile(run.folder(), InstantSource.system(), 0))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessage("cannot write " + temporary.resolve("run/status.json") + ": No space left on device");
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void aRunThatFailsOnAFullDiskOverwritesItsStatusInPlace() throws IOException {
        RunDirectory run = run();
        StatusFile status = new StatusFile(run.folder(), InstantSource.system(), 7);
        Path file = temporary.resolve("run/status.json");
        long reserved = Files.size(file);
        Files.createSymbolicLink(temporary.resolve("run/.status.json.new"), Path.of("/dev/full"));
        IllegalStateException failure = new IllegalStateException("the disk is full");
        status.failed(3, "the disk is full", "free some space", failure);
        assertThat(failure.getSuppressed()).isEmpty();
        assertThat(Files.size(file)).isLessThan(reserved);
        assertThat(new ObjectMapper()
                        .readTree(Files.readString(file))
                        .at("/state")
                        .asText())
                .isEqualTo("failed");
        assertThat(Files.readString(file)).contains("\"exit_code\" : 3").contains("\"round\" : 7");
    }

    @Test
    void aResumedRunRetainsEveryLineButTheDamagedOnesAndReportsThem() throws IOException {
        RunDirectory run = run();
        Path file = temporary.resolve("run/metrics.jsonl");
        Files.writeString(file, """
                {"round":1,"query_loss":4}
                {"round":2,"query_loss:3}
                {"round":3,"query_loss":2}{"round":4,"query_loss":1}
                {"round":5,"query_loss":1}
                "no line"
                {"round":6,"query_loss":1}
                {"round":7,"query_loss":1}
                {"round":8,"quer""");
        List<String> warnings = new ArrayList<>();
        MetricsWriter.resumed(run, MetricsWriter.Files.LINES, 6, OptionalLong.empty(), warnings::add)
                .close();
        assertThat(file).hasContent("""
                {"round":1,"query_loss":4}
                {"round":5,"query_loss":1}
                {"round":6,"query_loss":1}
                """);
        assertThat(warnings)
                .containsExactly(file + " is damaged in lines 2, 3, 5, which are left out; the other 4 lines are used");
        warnings.clear();
        MetricsWriter.resumed(run, MetricsWriter.Files.LINES, 6, OptionalLong.empty(), warnings::add)
                .close();
        assertThat(warnings).isEmpty();
    }

    @Test
    void aReaderReportsADamagedLineToo() throws IOException {
        RunDirectory run = run();
        Files.writeString(temporary.resolve("run/metrics.jsonl"), """
                {"round":1,"query_loss":4}
                {"round":2,"query_loss":3
                {"round":3,"query_loss":2}
                {"round":4,"quer""");
        MetricsReader metrics = MetricsReader.in(run.folder());
        assertThat(metrics.column("query_loss")).containsExactly(4, 2);
        assertThat(metrics.warning())
                .hasValue(temporary.resolve("run/metrics.jsonl")
                        + " is damaged in line 2, which is left out; the other 2 lines are used");
    }

    @Test
    void theStatusHoldsTheProgressTheOutcomeAndTheTimeOfTheWrite() throws IOException {
        AtomicLong seconds = new AtomicLong(1_700_000_000L);
        InstantSource clock = () -> Instant.ofEpochSecond(seconds.get());
        Path file = temporary.resolve("run/status.json");
        StatusFile status = new StatusFile(run().folder(), clock, 0);
        assertThat(Files.readString(file))
                .contains("\"state\" : \"running\"")
                .contains("\"exit_code\" : null")
                .contains("\"updated\" : \"2023-11-14T22:13:20Z\"");
        status.count(2);
        seconds.addAndGet(1);
        status.refresh();
        assertThat(Files.readString(file)).contains("\"round\" : 0");
        seconds.addAndGet(1);
        status.refresh();
        assertThat(Files.readString(file)).contains("\"round\" : 2").contains("22:13:22Z");
        seconds.addAndGet(14);
        status.refresh();
        assertThat(Files.readString(file)).contains("22:13:22Z");
        seconds.addAndGet(1);
        status.refresh();
        assertThat(Files.readString(file)).contains("22:13:37Z");
        status.end(RunStatus.ended(RunStatus.State.FAILED, 4, "round 3 diverged", 3, "begin another"));
        seconds.addAndGet(60);
        status.refresh();
        assertThat(Files.readString(file))
                .contains("\"state\" : \"failed\"")
                .contains("\"exit_code\" : 4")
                .contains("\"message\" : \"round 3 diverged\"")
                .contains("\"round\" : 3")
                .contains("\"hint\" : \"begin another\"")
                .contains("22:13:37Z");
    }

    @Test
    void theThroughputExcludesWhatIsNotTraining() {
        AtomicLong clock = new AtomicLong(5_000_000_000L);
        TrainingThroughput throughput = new TrainingThroughput(0, clock::get);
        throughput.count(25);
        throughput.count(25);
        clock.addAndGet(2_000_000_000L);
        throughput.exclude(() -> clock.addAndGet(7_000_000_000L));
        TrainingThroughput.Reading first = throughput.read();
        assertThat(first.tasksPerSecond()).isCloseTo(25, within(1e-9));
        assertThat(first.seconds()).isCloseTo(9, within(1e-9));
        throughput.count(10);
        clock.addAndGet(500_000_000L);
        assertThat(throughput.read().tasksPerSecond()).isCloseTo(20, within(1e-9));
    }
}
