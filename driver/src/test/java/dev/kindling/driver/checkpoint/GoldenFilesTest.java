package dev.kindling.driver.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Files of earlier versions, which every later version reads and which are never rewritten: those of 0.1.0 (manifests of
 * format 1, whose checkpoints are refused) and of format 2.
 */
class GoldenFilesTest {
    private static final Path FOLDER = Path.of("src/test/resources/dev/kindling/driver/checkpoint");
    private static final Path GOLDEN = FOLDER.resolve("golden-0.1.0");
    private static final Path FORMAT_2 = FOLDER.resolve("golden-format-2");
    private static final Layout LAYOUT = Layout.builder()
            .add("0_W", Shape.of(1, 2))
            .add("0_b", Shape.of(1, 1))
            .build();

    private static RunDirectory run(Path golden) {
        return RunDirectory.open(golden.toAbsolutePath().toString(), new Configuration());
    }

    private static Checkpoint checkpoint() {
        return run(FORMAT_2).checkpoints().newest(warning -> {}).orElseThrow();
    }

    @Test
    void aRunOfVersion010CannotBeResumedAndTheMessageSaysSoInOneLine() {
        List<String> warnings = new ArrayList<>();
        assertThatThrownBy(() -> run(GOLDEN).checkpoints().newest(warnings::add))
                .isInstanceOf(BadDataException.class)
                .hasMessage(GOLDEN.toAbsolutePath()
                        + "/checkpoints/00001000/manifest.json has format 1, written by Kindling"
                        + " 0.1.0; this version resumes runs of format 2 only: resume the run with Kindling 0.1.0, or begin"
                        + " a new one in another folder");
        assertThat(warnings).isEmpty();
    }

    @Test
    void aCheckpointIsWrittenByteForByteAsTheGoldenOne(@TempDir Path temporary) throws IOException {
        RunDirectory.create(temporary.resolve("run").toString(), new Configuration(), "")
                .checkpoints()
                .write(checkpoint());
        for (String file : List.of("manifest.json", "theta.safetensors", "optimizer.safetensors", "best.safetensors")) {
            String name = "checkpoints/00001000/" + file;
            assertThat(temporary.resolve("run").resolve(name)).hasSameBinaryContentAs(FORMAT_2.resolve(name));
        }
    }

    @Test
    void aCheckpointIsRead() {
        Checkpoint checkpoint = checkpoint();
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
                        1000,
                        12.5,
                        List.of(new TrainingProgress.Best(new Validation(500, 0.25, OptionalDouble.of(0.75), 1), 2))));
        assertThat(checkpoint.theta().flat(LAYOUT, Precision.FLOAT))
                .isEqualTo(FlatVector.of(Precision.FLOAT, 1000, 2, 3));
        assertThat(checkpoint.optimizer().arrays()).containsOnlyKeys("M", "V");
        assertThat(checkpoint.optimizer().arrays().get("M").values())
                .isEqualTo(FlatVector.of(Precision.FLOAT, 1, 2, 3));
        assertThat(checkpoint.best().orElseThrow().flat(LAYOUT, Precision.FLOAT))
                .isEqualTo(FlatVector.of(Precision.FLOAT, 7, 8, 9));
    }

    @ParameterizedTest
    @ValueSource(strings = {"golden-0.1.0", "golden-format-2"})
    void aModelIsRead(String golden) {
        StoredModel model = run(FOLDER.resolve(golden)).readModel();
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
