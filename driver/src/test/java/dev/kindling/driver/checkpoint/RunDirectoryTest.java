package dev.kindling.driver.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.storage.AtomicDirectory;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunDirectoryTest {
    private static final Configuration HADOOP = new Configuration();
    private static final Layout LAYOUT = Layout.builder()
            .add("0_W", Shape.of(1, 2))
            .add("0_b", Shape.of(1, 1))
            .build();

    @TempDir
    Path temporary;

    private RunDirectory run() {
        return RunDirectory.create(temporary.resolve("run").toString(), HADOOP, "run.seed = 7\n");
    }

    private static Manifest manifest(long rounds) {
        return new Manifest(
                Provenance.here("{\"run\":{\"seed\":7,\"rounds\":10}}", 7, "abc", "generated", "vector"), rounds, true);
    }

    private static RunDirectory withModel(RunDirectory run, double first, long rounds) {
        run.writeModel(
                manifest(rounds),
                LAYOUT,
                FlatVector.of(Precision.FLOAT, first, 2, 3),
                "{\"network\":\"x\"}\n",
                Optional.empty());
        return run;
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.filter(Files::isRegularFile)
                    .map(path -> folder.relativize(path).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void aFileAtThePathOfTheDirectoryIsNamedInTheMessage() throws IOException {
        Path file = Files.createFile(temporary.resolve("file"));
        AtomicDirectory folder = AtomicDirectory.at(file.resolve("run").toString(), HADOOP);
        for (Runnable write :
                List.<Runnable>of(() -> folder.createNew("x", new byte[0]), () -> folder.replace("x", new byte[0]))) {
            assertThatThrownBy(write::run)
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageStartingWith("cannot write " + file.resolve("run/x") + ": ");
        }
    }

    @Test
    void aModelComesBackAsItWasWrittenAndNoOtherFileIsLeft() throws IOException {
        RunDirectory run = withModel(run(), 1, 9);
        run.writeEvaluation("{}\n", Optional.empty(), Optional.empty());
        StoredModel model = run.readModel();
        assertThat(model.theta().flat(LAYOUT, Precision.FLOAT)).isEqualTo(FlatVector.of(Precision.FLOAT, 1, 2, 3));
        assertThat(model.theta().layout()).isEqualTo(LAYOUT);
        assertThat(model.manifest()).isEqualTo(manifest(9));
        assertThat(model.network()).isEqualTo("{\"network\":\"x\"}\n", Optional.empty());
        assertThat(run.configuration()).isEqualTo("run.seed = 7\n");
        assertThat(names(temporary.resolve("run")))
                .containsExactly(
                        "config.conf",
                        "evaluation.json",
                        "model/manifest.json",
                        "model/network.json",
                        "model/theta.safetensors");
    }

    @Test
    void theManifestHoldsTheProvenanceOfTheModel() throws IOException {
        withModel(run(), 1, 9);
        JsonNode json = new ObjectMapper()
                .readTree(temporary.resolve("run/model/manifest.json").toFile());
        assertThat(json.at("/rounds").asLong()).isEqualTo(9);
        assertThat(json.at("/finished").asBoolean()).isTrue();
        JsonNode provenance = json.get("provenance");
        assertThat(provenance.at("/configuration/run/rounds").asLong()).isEqualTo(10);
        assertThat(provenance.get("seed").asLong()).isEqualTo(7);
        assertThat(provenance.get("program_hash").asText()).isEqualTo("abc");
        assertThat(provenance.get("data_hash").asText()).isEqualTo("generated");
        assertThat(provenance.get("backend").asText()).isEqualTo("vector");
        assertThat(provenance.get("commit").asText()).matches("[0-9a-f]{40}(-dirty)?|unknown");
        assertThat(provenance.get("kindling").asText()).matches("\\d+\\.\\d+\\.\\d+.*");
        assertThat(provenance.get("java").asText()).contains(System.getProperty("java.version"));
        assertThat(provenance.get("architecture").asText()).isEqualTo(System.getProperty("os.arch"));
    }

    @Test
    void aModelIsReplacedByTheNext() {
        RunDirectory run = withModel(withModel(run(), 1, 9), 5, 10);
        assertThat(run.readModel().manifest().rounds()).isEqualTo(10);
        assertThat(run.readModel().theta().flat(LAYOUT, Precision.FLOAT).at(0)).isEqualTo(5);
    }

    @Test
    void aRunThatDiedBetweenTheTwoRenamesStillHasItsModelAndCanWriteTheNext() throws IOException {
        RunDirectory run = withModel(run(), 1, 9);
        Path folder = temporary.resolve("run");
        Files.move(folder.resolve("model"), folder.resolve(".model-old"));
        assertThat(run.readModel().manifest().rounds()).isEqualTo(9);
        withModel(run, 5, 10);
        assertThat(run.readModel().manifest().rounds()).isEqualTo(10);
        assertThat(folder.resolve(".model-old")).doesNotExist();
    }

    @Test
    void everyChangedByteOfEveryFileIsDetectedAndTheFileIsNamed() throws IOException {
        RunDirectory run = withModel(run(), 1, 9);
        for (String name : List.of("manifest.json", "theta.safetensors", "network.json")) {
            Path file = temporary.resolve("run/model").resolve(name);
            byte[] good = Files.readAllBytes(file);
            for (int i = 0; i < good.length; i++) {
                byte[] bad = good.clone();
                bad[i] ^= 1;
                Files.write(file, bad);
                assertThatThrownBy(run::readModel)
                        .as("byte %d of %s", i, name)
                        .isInstanceOf(BadDataException.class)
                        .hasMessageContaining(file + " is damaged");
            }
            Files.write(file, good);
        }
        assertThat(run.readModel().manifest().rounds()).isEqualTo(9);
    }

    @Test
    void missingAndShortenedFilesAreNamed() throws IOException {
        RunDirectory run = withModel(run(), 1, 9);
        for (String name : List.of("manifest.json", "theta.safetensors", "network.json")) {
            Path file = temporary.resolve("run/model").resolve(name);
            byte[] good = Files.readAllBytes(file);
            Files.delete(file);
            assertThatThrownBy(run::readModel)
                    .isInstanceOf(BadDataException.class)
                    .hasMessage(file + " is missing");
            Files.write(file, new byte[0]);
            assertThatThrownBy(run::readModel)
                    .isInstanceOf(BadDataException.class)
                    .hasMessageContaining(file + " is damaged");
            Files.write(file, good);
        }
    }

    @Test
    void aDirectoryThatIsNotEmptyIsRefusedAndLeftUnchanged() throws IOException {
        Path folder = temporary.resolve("run");
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("status.json"), "old", StandardCharsets.UTF_8);
        assertThatIllegalArgumentException()
                .isThrownBy(this::run)
                .withMessage("--out is " + folder + ", which is not empty; it must be a new or an empty folder");
        assertThat(names(folder)).containsExactly("status.json");
        assertThatThrownBy(() -> RunDirectory.open(folder.toString(), HADOOP))
                .isInstanceOf(BadDataException.class)
                .hasMessageContaining("no config.conf");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RunDirectory.create("nowhere://x/run", HADOOP, ""))
                .withMessageContaining("nowhere://x/run");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> RunDirectory.create(folder.resolve("status.json").toString(), HADOOP, ""))
                .withMessageContaining("is a file");
    }

    @Test
    void anIdenticalConfigurationIsNotWrittenAgain() throws IOException {
        RunDirectory run = run();
        Path file = temporary.resolve("run/config.conf");
        FileTime before = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));
        Files.setLastModifiedTime(file, before);
        run.writeConfiguration("run.seed = 7\n");
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(before);
        run.writeConfiguration("run.seed = 8\n");
        assertThat(run.configuration()).isEqualTo("run.seed = 8\n");
    }

    @Test
    void aFileIsReplacedAtomically() {
        AtomicDirectory folder =
                AtomicDirectory.at(temporary.toUri().toString(), HADOOP).child("a b");
        folder.replace("x", new byte[] {1});
        folder.replace("x", new byte[] {2});
        assertThat(folder.read("x")).containsExactly(2);
        assertThat(folder.has(".x.new")).isFalse();
        assertThat(folder.place("x")).isEqualTo(temporary.resolve("a b/x").toString());
    }
}
