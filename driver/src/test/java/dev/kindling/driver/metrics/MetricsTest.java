package dev.kindling.driver.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.checkpoint.RunDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
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
                norm,
                24,
                1,
                3.5,
                1000,
                7000,
                8000,
                new TimeSplit(1_000, 2_000, 3_000_000, 4_000, 5_000, 0, 7_500));
    }

    @Test
    void aLineIsOnDiskAsSoonAsItIsWritten() throws IOException {
        Path file = temporary.resolve("run/metrics.jsonl");
        try (MetricsLog log = new MetricsLog(run())) {
            log.write(metrics(10, OptionalDouble.empty(), 2));
            assertThat(Files.readString(file))
                    .isEqualTo("{\"round\":10,\"query_loss\":0.5,\"support_loss\":1.25,\"meta_gradient_norm\":2.0,"
                            + "\"tasks\":24,\"failed_tasks\":1,\"seconds\":3.5,\"tasks_per_second\":1000.0,"
                            + "\"bytes_out\":7000,\"bytes_in\":8000,\"round_milliseconds\":{\"sample\":0.001,\"materialise\":0.002,"
                            + "\"compute\":3.0,\"fold\":0.004,\"wire\":0.005,\"wait\":0.0,\"optimize\":0.0075}}\n");
            log.write(metrics(20, OptionalDouble.of(0.75), Double.NaN));
            log.save();
            assertThat(Files.readAllLines(file)).hasSize(2);
            assertThat(Files.readAllLines(file).get(1))
                    .startsWith("{\"round\":20,\"query_loss\":0.5,\"query_accuracy\":0.75,")
                    .contains("\"meta_gradient_norm\":null");
        }
        assertThat(temporary.resolve("run/.metrics.jsonl.crc")).doesNotExist();
    }

    @Test
    void theStatusSaysHowTheRunEnded() throws IOException {
        RunDirectory run = run();
        Path file = temporary.resolve("run/status.json");
        RunStatus.running(0).write(run);
        assertThat(Files.readString(file)).contains("\"state\" : \"running\"").contains("\"exit_code\" : null");
        RunStatus.ended(RunStatus.State.FAILED, 4, "round 3 diverged", 3).write(run);
        assertThat(Files.readString(file))
                .contains("\"state\" : \"failed\"")
                .contains("\"exit_code\" : 4")
                .contains("\"sentence\" : \"round 3 diverged\"")
                .contains("\"round\" : 3");
    }

    @Test
    void thePaceLeavesOutWhatIsNotTraining() {
        AtomicLong clock = new AtomicLong(5_000_000_000L);
        Pace pace = new Pace(clock::get);
        pace.count(25);
        pace.count(25);
        clock.addAndGet(2_000_000_000L);
        pace.pause(() -> clock.addAndGet(7_000_000_000L));
        Pace.Reading first = pace.read();
        assertThat(first.tasksPerSecond()).isCloseTo(25, within(1e-9));
        assertThat(first.seconds()).isCloseTo(9, within(1e-9));
        pace.count(10);
        clock.addAndGet(500_000_000L);
        assertThat(pace.read().tasksPerSecond()).isCloseTo(20, within(1e-9));
    }
}
