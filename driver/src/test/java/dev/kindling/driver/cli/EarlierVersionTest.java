package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests a run directory of version 0.1.0, whose keys had other names: it can be evaluated and reported, but not
 * resumed.
 */
class EarlierVersionTest {
    private static final Path GOLDEN = Path.of("src/test/resources/dev/kindling/driver/cli/run-0.1.0");

    @TempDir
    private Path run;

    @BeforeEach
    void copy() throws IOException {
        FileUtils.copyDirectory(GOLDEN.toFile(), run.toFile());
    }

    @Test
    void itsModelIsEvaluatedWithTheSameResult() throws IOException {
        JsonNode before = steps();
        Outcome outcome = CommandLineForTests.onThreads(1, List.of("evaluate", "--out", run.toString()));
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(steps()).isEqualTo(before);
    }

    @Test
    void itIsReported() {
        Outcome outcome = CommandLineForTests.onThreads(1, List.of("report", "--out", run.toString()));
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(run.resolve("report.html")).exists();
    }

    @Test
    void itCannotBeResumed() throws IOException {
        byte[] status = Files.readAllBytes(run.resolve("status.json"));
        Outcome outcome = CommandLineForTests.onThreads(
                1, List.of("train", "--resume", "--out", run.toString(), "--set", "run.rounds=6"));
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).contains("was begun by Kindling 0.1.0, whose runs this version cannot resume");
        assertThat(Files.readAllBytes(run.resolve("status.json"))).isEqualTo(status);
    }

    private JsonNode steps() throws IOException {
        return new ObjectMapper()
                .readTree(run.resolve("evaluation.json").toFile())
                .path("steps");
    }
}
