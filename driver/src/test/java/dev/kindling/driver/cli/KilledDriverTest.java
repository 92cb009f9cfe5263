package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills a driver process while it trains and while it writes checkpoints; in this test it writes them continuously. */
@Timeout(value = 600, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KilledDriverTest {
    private static final String[] SETS = {
        "run.rounds=300", "run.log-every=1", "run.checkpoint-every=1", "run.validate-every=20", "run.checkpoint-keep=2"
    };

    @TempDir
    private Path temporary;

    /** Starts a child and waits until its metrics have so many lines. */
    private Process child(TinyRun run, int lines) throws IOException, InterruptedException {
        Path said = temporary.resolve("said-" + lines);
        Process child = TrainInChild.start(run.args("--resume"), said.toFile());
        while (lines(run) < lines) {
            assertThat(child.isAlive()).as(() -> read(said)).isTrue();
            Thread.sleep(5);
        }
        return child;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static long lines(TinyRun run) {
        return read(run.file("metrics.jsonl"))
                .lines()
                .filter(line -> line.endsWith("}"))
                .count();
    }

    @Test
    void aRunWithRepeatedlyKilledDriversEqualsAnUninterruptedRun() throws IOException, InterruptedException {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted", SETS);
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun run = TinyRun.in(temporary, "run", SETS);
        for (int lines : List.of(3, 120)) {
            Process child = child(run, lines);
            child.destroyForcibly();
            assertThat(child.waitFor()).isEqualTo(128 + 9);
            assertThat(run.file(".lock")).as("a dead driver's lock").exists();
            assertThat(run.json("status.json").at("/state").asText()).isEqualTo("running");
        }
        Process child = child(run, 200);
        child.destroy();
        assertThat(child.waitFor()).as("SIGTERM").isEqualTo(6);
        assertThat(run.json("status.json").at("/state").asText()).isEqualTo("stopped");
        assertThat(run.file(".lock")).doesNotExist();
        assertThat(lines(run)).isLessThan(300);
        assertThat(run.train("--resume").code()).isZero();
        run.assertSameAs(uninterrupted);
        // The last two, the best, one that is older than a minute and one that will be.
        assertThat(run.checkpoints()).hasSizeLessThanOrEqualTo(5);
    }
}
