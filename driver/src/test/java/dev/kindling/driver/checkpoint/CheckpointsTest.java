package dev.kindling.driver.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.driver.storage.Tensors;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointsTest {
    private static final Layout LAYOUT = Layout.builder()
            .add("0_W", Shape.of(1, 2))
            .add("0_b", Shape.of(1, 1))
            .build();

    @TempDir
    private Path temporary;

    private Checkpoints checkpoints() {
        return RunDirectory.create(temporary.resolve("run").toString(), new Configuration(), "")
                .checkpoints();
    }

    private static Checkpoint checkpoint(long rounds) {
        Layout moments =
                Layout.builder().add("M", Shape.of(3)).add("V", Shape.of(3)).build();
        return new Checkpoint(
                new Manifest(Provenance.here("{\"run\":{\"seed\":7}}", 7, "abc", "generated", "vector"), rounds, false),
                new TrainingProgress(
                        rounds,
                        12.5,
                        List.of(new TrainingProgress.Best(
                                new Validation(rounds / 2, 0.25, OptionalDouble.of(0.75), 1), 2))),
                Tensors.of("theta", LAYOUT, FlatVector.of(Precision.FLOAT, (double) rounds, 2, 3)),
                Tensors.of("optimizer", moments, FlatVector.of(Precision.FLOAT, 1, 2, 3, 4, 5, 6)),
                Optional.of(Tensors.of("best", LAYOUT, FlatVector.of(Precision.FLOAT, 7, 8, 9))),
                Optional.of(Tensors.of("average", LAYOUT, FlatVector.of(Precision.FLOAT, 4, 5, 6))));
    }

    private static Checkpoint newest(Checkpoints checkpoints) {
        return checkpoints
                .newest(warning -> {
                    throw new AssertionError(warning);
                })
                .orElseThrow();
    }

    private List<String> names() throws IOException {
        try (Stream<Path> names = Files.list(temporary.resolve("run/checkpoints"))) {
            return names.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void aCheckpointComesBackAsItWasWritten() {
        Checkpoints checkpoints = checkpoints();
        assertThat(checkpoints.newest(warning -> {})).isEmpty();
        checkpoints.write(checkpoint(1000));
        Checkpoint back = newest(checkpoints);
        assertThat(back.manifest()).isEqualTo(checkpoint(1000).manifest());
        assertThat(back.progress()).isEqualTo(checkpoint(1000).progress());
        assertThat(back.theta().flat(LAYOUT, Precision.FLOAT)).isEqualTo(FlatVector.of(Precision.FLOAT, 1000, 2, 3));
        assertThat(back.optimizer().arrays().get("V").values()).isEqualTo(FlatVector.of(Precision.FLOAT, 4, 5, 6));
        assertThat(back.best().orElseThrow().flat(LAYOUT, Precision.FLOAT))
                .isEqualTo(FlatVector.of(Precision.FLOAT, 7, 8, 9));
        assertThat(back.average().orElseThrow().flat(LAYOUT, Precision.FLOAT))
                .isEqualTo(FlatVector.of(Precision.FLOAT, 4, 5, 6));
    }

    @Test
    void aRunWithoutAFiniteValidationComesBackWithoutOne() {
        Checkpoints checkpoints = checkpoints();
        Checkpoint with = checkpoint(3);
        checkpoints.write(new Checkpoint(
                with.manifest(),
                new TrainingProgress(3, 0.5, List.of()),
                with.theta(),
                with.optimizer(),
                Optional.empty(),
                Optional.empty()));
        assertThat(newest(checkpoints).progress().best()).isEmpty();
        assertThat(newest(checkpoints).best()).isEmpty();
        assertThat(newest(checkpoints).average()).isEmpty();
        checkpoints.write(new Checkpoint(
                checkpoint(4).manifest(),
                new TrainingProgress(
                        4,
                        0.5,
                        List.of(new TrainingProgress.Best(
                                new Validation(4, Double.NaN, OptionalDouble.empty(), 100), 0))),
                with.theta(),
                with.optimizer(),
                with.best(),
                with.average()));
        assertThat(newest(checkpoints).progress().best().get(0).validation().loss())
                .isNaN();
    }

    @Test
    void theBestValidationOfEachMemberIsRetained() {
        Checkpoints checkpoints = checkpoints();
        Checkpoint one = checkpoint(3);
        List<TrainingProgress.Best> best = List.of(
                new TrainingProgress.Best(new Validation(2, 0.5, OptionalDouble.empty(), 0), 1),
                new TrainingProgress.Best(new Validation(3, 0.25, OptionalDouble.empty(), 1), 0));
        checkpoints.write(new Checkpoint(
                one.manifest(),
                new TrainingProgress(3, 0.5, best),
                one.theta(),
                one.optimizer(),
                one.best(),
                one.average()));
        TrainingProgress progress = newest(checkpoints).progress();
        assertThat(progress.best()).isEqualTo(best);
        assertThat(progress.validationsWithoutImprovement()).hasValue(0);
    }

    @Test
    void anyDamagedByteOfTheNewestIsReportedAndTheOneBeforeIsUsed() throws IOException {
        Checkpoints checkpoints = checkpoints();
        checkpoints.write(checkpoint(900));
        checkpoints.write(checkpoint(1000));
        for (String name : List.of(
                "manifest.json",
                "theta.safetensors",
                "optimizer.safetensors",
                "best.safetensors",
                "average.safetensors")) {
            Path file = temporary.resolve("run/checkpoints/00001000").resolve(name);
            byte[] good = Files.readAllBytes(file);
            for (int i = 0; i < good.length; i += 11) {
                byte[] bad = good.clone();
                bad[i] ^= 4;
                Files.write(file, bad);
                List<String> warnings = new ArrayList<>();
                assertThat(checkpoints
                                .newest(warnings::add)
                                .orElseThrow()
                                .manifest()
                                .rounds())
                        .as("byte %d of %s", i, name)
                        .isEqualTo(900);
                assertThat(warnings)
                        .singleElement()
                        .asString()
                        .contains(file + " is damaged")
                        .doesNotContain("\n");
            }
            Files.write(file, good);
        }
        for (String name :
                List.of("theta.safetensors", "optimizer.safetensors", "best.safetensors", "average.safetensors")) {
            Path file = temporary.resolve("run/checkpoints/00001000").resolve(name);
            byte[] good = Files.readAllBytes(file);
            Files.write(file, Arrays.copyOf(good, good.length - 1));
            List<String> warnings = new ArrayList<>();
            assertThat(checkpoints.newest(warnings::add)).isPresent();
            assertThat(warnings).singleElement().asString().contains("bytes; its manifest lists");
            Files.delete(file);
            warnings.clear();
            assertThat(checkpoints.newest(warnings::add)).isPresent();
            assertThat(warnings).singleElement().asString().contains(file + " is missing");
            Files.write(file, good);
        }
        assertThat(newest(checkpoints).manifest().rounds()).isEqualTo(1000);
    }

    @Test
    void ifAllAreDamagedReadingFails() throws IOException {
        Checkpoints checkpoints = checkpoints();
        checkpoints.write(checkpoint(900));
        checkpoints.write(checkpoint(1000));
        for (String name : names()) {
            Files.writeString(temporary.resolve("run/checkpoints").resolve(name).resolve("theta.safetensors"), "x");
        }
        List<String> warnings = new ArrayList<>();
        assertThatThrownBy(() -> checkpoints.newest(warnings::add))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("no checkpoint in " + temporary.resolve("run/checkpoints") + " can be used")
                .hasMessageContaining("00000900/theta.safetensors is damaged");
        assertThat(warnings).hasSize(1);
    }

    @Test
    void aDirectoryWithoutAManifestIsNoCheckpointAndIsReplaced() throws IOException {
        Checkpoints checkpoints = checkpoints();
        checkpoints.write(checkpoint(900));
        Path half = Files.createDirectories(temporary.resolve("run/checkpoints/00001000"));
        Files.writeString(half.resolve("theta.safetensors"), "half");
        Files.writeString(half.resolve(".optimizer.safetensors.new"), "half");
        assertThat(newest(checkpoints).manifest().rounds()).isEqualTo(900);
        checkpoints.write(checkpoint(1000));
        assertThat(newest(checkpoints).manifest().rounds()).isEqualTo(1000);
        assertThat(half).isDirectoryNotContaining("glob:**/.*");
    }

    @Test
    void theLastOnesAndTheBestAreRetainedAndRoundsAreOrderedAsNumbers() throws IOException {
        Checkpoints checkpoints = checkpoints();
        for (long rounds : List.of(99_999_900L, 99_999_950L, 99_999_999L, 100_000_000L, 100_000_050L)) {
            checkpoints.write(checkpoint(rounds));
        }
        Files.createDirectories(temporary.resolve("run/checkpoints/00000007"));
        Files.createDirectories(temporary.resolve("run/checkpoints/mine"));
        checkpoints.retain(100_000_050L, 2, Optional.of(99_999_950L));
        // The oldest is retained too, because it is the first that will be settled.
        assertThat(names()).containsExactly("100000000", "100000050", "99999900", "99999950", "mine");
        assertThat(newest(checkpoints).manifest().rounds()).isEqualTo(100_000_050L);
    }

    /** Sets the age of a checkpoint in seconds. */
    private void age(long rounds, long seconds) throws IOException {
        Files.setLastModifiedTime(
                temporary.resolve("run/checkpoints/" + Checkpoints.name(rounds) + "/manifest.json"),
                FileTime.from(Instant.now().minusSeconds(seconds)));
    }

    @Test
    void oneIsRetainedThatIsOlderThanTheWriteBackCacheOfAnOperatingSystem() throws IOException {
        Checkpoints checkpoints = checkpoints();
        // One checkpoint each 10 s, the last one 5 s after the one before it.
        for (long rounds = 1; rounds <= 10; rounds++) {
            checkpoints.write(checkpoint(rounds));
            age(rounds, rounds == 10 ? 0 : 10 * (10 - rounds) - 5);
        }
        checkpoints.retain(10, 2, Optional.empty());
        // The third is 65 s old and settled; the fourth, 55 s old, is the next to be.
        assertThat(names()).containsExactly("00000003", "00000004", "00000009", "00000010");
        age(3, 80);
        age(4, 70);
        checkpoints.write(checkpoint(11));
        checkpoints.retain(11, 2, Optional.empty());
        assertThat(names()).containsExactly("00000004", "00000009", "00000010", "00000011");
    }

    @Test
    void ifCheckpointsAreFarApartNoFurtherOneIsRetained() throws IOException {
        Checkpoints checkpoints = checkpoints();
        for (long rounds = 1; rounds <= 5; rounds++) {
            checkpoints.write(checkpoint(rounds));
            age(rounds, 300 * (5 - rounds));
        }
        checkpoints.retain(5, 2, Optional.empty());
        assertThat(names()).containsExactly("00000004", "00000005");
    }

    @Test
    void aCheckpointThatCannotBeWrittenCompletelyIsRemoved() throws IOException {
        Checkpoints checkpoints = checkpoints();
        checkpoints.write(checkpoint(900));
        Path folder = Files.createDirectories(temporary.resolve("run/checkpoints/00001000"));
        RunDirectory refusing =
                RunDirectory.open(AtomicDirectory.at(temporary.resolve("run").toString(), new Configuration())
                        .guardedBy(() -> {
                            if (Files.exists(folder.resolve("optimizer.safetensors"))) {
                                try {
                                    Files.delete(folder.resolve("optimizer.safetensors"));
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                                throw new UncheckedIOException(new IOException("No space left on device"));
                            }
                        }));
        assertThatThrownBy(() -> refusing.checkpoints().write(checkpoint(1000)))
                .isInstanceOf(UncheckedIOException.class);
        assertThat(names()).containsExactly("00000900");
    }

    @Test
    void aDamagedOneThatIsNewerDoesNotCountAndIsRemoved() throws IOException {
        Checkpoints checkpoints = checkpoints();
        for (long rounds : List.of(500L, 1000L, 2000L)) {
            checkpoints.write(checkpoint(rounds));
        }
        Files.writeString(temporary.resolve("run/checkpoints/00002000/theta.safetensors"), "x");
        checkpoints.retain(1000, 1, Optional.of(500L));
        assertThat(names()).containsExactly("00000500", "00001000");
        assertThat(newest(checkpoints).manifest().rounds()).isEqualTo(1000);
    }

    @Test
    void theManifestIsWrittenLastAndRemovedFirst() {
        Path run = temporary.resolve("run");
        List<String> changes = new ArrayList<>();
        // The files before each change, as a concurrent reader sees them.
        AtomicDirectory watched =
                AtomicDirectory.at(run.toString(), new Configuration()).guardedBy(() -> changes.add(present(run)));
        Checkpoints checkpoints = RunDirectory.create(watched, "").checkpoints();
        changes.clear();
        checkpoints.write(checkpoint(5));
        assertThat(changes).hasSize(5).noneMatch(seen -> seen.contains("manifest.json"));
        assertThat(changes.get(4)).contains("theta", "optimizer", "best", "average");
        checkpoints.write(checkpoint(6));
        checkpoints.write(checkpoint(4));
        changes.clear();
        checkpoints.retain(6, 1, Optional.empty());
        assertThat(changes).hasSize(2);
        assertThat(changes.get(0)).contains("00000005/manifest.json", "00000006/manifest.json");
        assertThat(changes.get(1)).doesNotContain("00000005/manifest.json").contains("00000005/theta");
    }

    private static String present(Path folder) {
        if (!Files.exists(folder)) {
            return "";
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return String.join(" ", files.map(Path::toString).toList());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
