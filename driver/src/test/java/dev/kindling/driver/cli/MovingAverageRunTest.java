package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.driver.run.RunService;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.driver.storage.Tensors;
import dev.kindling.job.error.BadDataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs with {@code run.ema-decay}. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MovingAverageRunTest {
    private static final double DECAY = 0.6;
    private static final String AVERAGED = "run.ema-decay=" + DECAY;

    @TempDir
    private Path temporary;

    private static double[] numbers(Path file) throws IOException {
        Tensors tensors = Safetensors.decode(Files.readAllBytes(file), file.toString());
        return tensors.arrays().values().stream()
                .flatMapToDouble(tensor -> Arrays.stream(tensor.values().toDoubles()))
                .toArray();
    }

    /** The average over the checkpoints of every round, from the initial θ on. */
    private static double[] average(TinyRun run, Path initial, int rounds) throws IOException {
        double[] average = numbers(initial);
        for (int round = 1; round <= rounds; round++) {
            double[] theta = numbers(run.file(String.format("checkpoints/%08d/theta.safetensors", round)));
            double kept = Math.min(DECAY, (double) round / (round + 9));
            for (int i = 0; i < average.length; i++) {
                average[i] = (float) (kept * average[i] + (1 - kept) * theta[i]);
            }
        }
        return average;
    }

    private Path initial() {
        TinyRun still = TinyRun.in(temporary, "still", "run.rounds=1", "optimizer.learning-rate=0");
        assertThat(still.train().code()).isZero();
        return still.file("model/theta.safetensors");
    }

    @Test
    void theModelIsTheAverageOverRounds() throws IOException {
        String[] all = {"run.checkpoint-every=1", "run.checkpoint-keep=100"};
        TinyRun run = TinyRun.in(temporary, "run", AVERAGED, all[0], all[1]);
        assertThat(run.train().code()).isZero();
        TinyRun without = TinyRun.in(temporary, "without", all);
        assertThat(without.train().code()).isZero();
        assertThat(numbers(run.file("model/theta.safetensors"))).isEqualTo(average(run, initial(), 24));
        assertThat(run.file("checkpoints/00000024/average.safetensors"))
                .hasSameBinaryContentAs(run.file("model/theta.safetensors"));
        assertThat(run.file("checkpoints/00000024/theta.safetensors"))
                .as("rounds run with θ")
                .hasSameBinaryContentAs(without.file("checkpoints/00000024/theta.safetensors"));
        assertThat(run.metrics()).isEqualTo(without.metrics());
        assertThat(without.file("checkpoints/00000024/average.safetensors")).doesNotExist();
        assertThat(run.json("evaluation.json").at("/provenance/theta_sha256"))
                .isNotEqualTo(without.json("evaluation.json").at("/provenance/theta_sha256"));
    }

    @Test
    void theBestAverageByValidationIsTheModel() throws IOException {
        TinyRun run = TinyRun.in(
                temporary,
                "run",
                AVERAGED,
                "optimizer.learning-rate=0.3",
                "run.validate-every=4",
                "run.checkpoint-every=1",
                "run.checkpoint-keep=100");
        assertThat(run.train().code()).isZero();
        int best = run.json("model/manifest.json").at("/rounds").asInt();
        assertThat(best).as("otherwise this shows nothing of the best").isBetween(4, 20);
        assertThat(numbers(run.file("model/theta.safetensors"))).isEqualTo(average(run, initial(), best));
        assertThat(run.file("checkpoints/00000024/best.safetensors"))
                .hasSameBinaryContentAs(run.file("model/theta.safetensors"));
        TinyRun resumed =
                TinyRun.in(temporary, "resumed", AVERAGED, "optimizer.learning-rate=0.3", "run.validate-every=4");
        assertThat(resumed.stoppedIn(best + 2).code()).isEqualTo(6);
        assertThat(resumed.train("--resume").code()).isZero();
        resumed.assertSameAs(run);
    }

    @Test
    void aResumedRunContinuesItsAverage() {
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted", AVERAGED);
        assertThat(uninterrupted.train().code()).isZero();
        TinyRun run = TinyRun.in(temporary, "run", AVERAGED);
        assertThat(run.stoppedIn(9).code()).isEqualTo(6);
        assertThat(run.train("--resume").code()).isZero();
        run.assertSameAs(uninterrupted);
    }

    @Test
    void aRunDoesNotChangeItsDecay() {
        TinyRun run = TinyRun.in(temporary, "run", AVERAGED);
        assertThat(run.stoppedIn(5).code()).isEqualTo(6);
        CommandLineForTests.Outcome changed = run.train("--resume", "--set", "run.ema-decay=0");
        assertThat(changed.code()).isEqualTo(2);
        assertThat(changed.err()).contains("run.ema-decay was 0.6 and is 0");
    }

    @Test
    void aCheckpointWithoutAnAverageIsRefused() {
        TinyRun run = TinyRun.in(temporary, "run");
        assertThat(run.train().code()).isZero();
        Checkpoint without = RunDirectory.open(run.folder().toString(), new Configuration())
                .checkpoints()
                .newest(warning -> {})
                .orElseThrow();
        ResolvedRun averaged = ResolvedRun.of(
                JobConfig.load(temporary.resolve("tiny.conf"), List.of(AVERAGED)), Optional.of("local[1]"));
        assertThatThrownBy(() -> RunService.training(averaged, Optional.of(without)))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("the checkpoint has no moving average of θ, and run.ema-decay is 0.6");
    }
}
