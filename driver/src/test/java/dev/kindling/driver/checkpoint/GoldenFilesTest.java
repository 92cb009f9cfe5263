package dev.kindling.driver.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that version 0.1.0 wrote, which every later version reads. They are never written anew. */
class GoldenFilesTest {
    private static final Path GOLDEN = Path.of("src/test/resources/dev/kindling/driver/checkpoint/golden-0.1.0");
    private static final Layout LAYOUT = Layout.builder()
            .add("0_W", Shape.of(1, 2))
            .add("0_b", Shape.of(1, 1))
            .build();

    private static RunDirectory run() {
        return RunDirectory.open(GOLDEN.toAbsolutePath().toString(), new Configuration());
    }

    @Test
    void aCheckpointIsRead() {
        Checkpoint checkpoint = run().checkpoints().newest(sentence -> {}).orElseThrow();
        assertThat(checkpoint.manifest().rounds()).isEqualTo(1000);
        assertThat(checkpoint.manifest().finished()).isFalse();
        assertThat(checkpoint.manifest().provenance().seed()).isEqualTo(7);
        assertThat(checkpoint.manifest().provenance().programHash()).isEqualTo("abc");
        assertThat(checkpoint.manifest().provenance().dataHash()).isEqualTo("generated");
        assertThat(checkpoint
                        .manifest()
                        .provenance()
                        .configuration()
                        .at("/run/seed")
                        .asInt())
                .isEqualTo(7);
        assertThat(checkpoint.progress())
                .isEqualTo(new TrainingProgress(
                        1000, 12.5, Optional.of(new TrainingProgress.Best(500, 0.25, OptionalDouble.of(0.75), 1, 2))));
        assertThat(checkpoint.theta().flat(LAYOUT, Precision.FLOAT))
                .isEqualTo(FlatVector.of(Precision.FLOAT, 1000, 2, 3));
        assertThat(checkpoint.optimizer().arrays()).containsOnlyKeys("M", "V");
        assertThat(checkpoint.optimizer().arrays().get("M").values())
                .isEqualTo(FlatVector.of(Precision.FLOAT, 1, 2, 3));
        assertThat(checkpoint.best().orElseThrow().flat(LAYOUT, Precision.FLOAT))
                .isEqualTo(FlatVector.of(Precision.FLOAT, 7, 8, 9));
    }

    @Test
    void aModelIsRead() {
        StoredModel model = run().readModel();
        assertThat(model.manifest().rounds()).isEqualTo(1000);
        assertThat(model.manifest().finished()).isTrue();
        assertThat(model.theta().flat(LAYOUT, Precision.DOUBLE))
                .isEqualTo(FlatVector.of(Precision.DOUBLE, 0.1, -2, 3e300));
        assertThat(model.network()).isEqualTo("{\"network\":\"x\"}\n");
    }

    @Test
    void aLockIsRead(@TempDir Path temporary) throws IOException {
        LockOwner owner =
                LockOwner.of(Files.readAllBytes(GOLDEN.resolve("lock"))).orElseThrow();
        assertThat(owner)
                .isEqualTo(new LockOwner(
                        "node-1.example",
                        4711,
                        Optional.of(Instant.parse("2026-11-22T05:00:00.120Z")),
                        "6f1c7a52-3f0e-4b0b-9f5e-0d2f4f1f8a11",
                        Instant.parse("2026-11-22T05:21:10.500Z")));
        Files.copy(GOLDEN.resolve("lock"), temporary.resolve(".lock"));
        assertThatThrownBy(() -> RunLock.take(
                        AtomicDirectory.at(temporary.toString(), new Configuration()), InstantSource.system()))
                .hasMessageContaining("process 4711 on node-1.example, last heard of at 2026-11-22T05:21:10Z");
    }
}
