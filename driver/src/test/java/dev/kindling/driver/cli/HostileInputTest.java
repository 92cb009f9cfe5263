package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests commands on maliciously crafted files: each ends with its exit code and a single-line message without terminal
 * control characters.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileInputTest {
    @TempDir
    private Path folder;

    private Path job = Path.of("");

    @BeforeEach
    void writeJob() throws IOException {
        job = Files.writeString(folder.resolve("tiny.conf"), """
                run { rounds = 2, log-every = 1 }
                task { meta-batch-size = 1, support = 2, query = 2 }
                model.network = mlp-40-tanh
                backend.name = reference
                evaluation { tasks = 2, steps = 1, query = 2 }
                """);
    }

    private static Outcome kindling(String... args) {
        return CommandLineForTests.onThreads(1, List.of(args));
    }

    private static void assertEnds(Outcome outcome, int code, String... parts) {
        assertThat(outcome.err()).contains(parts).hasLineCount(1);
        assertThat(outcome.code()).isEqualTo(code);
        assertThat((outcome.out() + outcome.err()).chars()).noneMatch(HostileInputTest::isControl);
    }

    private static boolean isControl(int character) {
        return (Character.isISOControl(character) && character != '\n')
                || Character.getType(character) == Character.FORMAT;
    }

    private static Path zip(Path path, String... entries) throws IOException {
        try (OutputStream out = Files.newOutputStream(path);
                ZipOutputStream zip = new ZipOutputStream(out)) {
            for (String entry : entries) {
                zip.putNextEntry(new ZipEntry(entry));
                zip.write('x');
            }
        }
        return path;
    }

    @Test
    void deepNestingIsWrongUsage() throws IOException {
        String deep = "[".repeat(10_000);
        Path nested = Files.writeString(folder.resolve("deep.conf"), "run.rounds = " + deep);
        assertEnds(kindling("check", "--conf", nested.toString()), 2, "deep.conf has more than 64 levels");
        assertEnds(
                kindling("check", "--conf", job.toString(), "--set", "run.rounds=" + deep),
                2,
                "--set run.rounds has more");
        String path = "run" + ".a".repeat(10_000);
        assertEnds(
                kindling("check", "--conf", job.toString(), "--set", path + "=1"),
                2,
                "the key of --set has more than 64");
    }

    @ParameterizedTest
    @ValueSource(strings = {"report", "evaluate", "export"})
    void theConfigurationOfARunCannotInclude(String command) throws IOException {
        Path run = folder.resolve("run");
        assertThat(kindling("train", "--conf", job.toString(), "--out", run.toString())
                        .code())
                .isZero();
        Path config = run.resolve("config.conf");
        Files.writeString(config, "include url(\"http://localhost:1/a\")\n" + Files.readString(config));
        List<String> args = new ArrayList<>(List.of(command, "--out", run.toString()));
        if (command.equals("export")) {
            args.addAll(
                    List.of("--format", "dl4j", "--to", folder.resolve("a.zip").toString()));
        }
        assertEnds(kindling(args.toArray(String[]::new)), 3, "config.conf includes url(http://localhost:1/a)");
    }

    @Test
    void namesInDataAreEscapedForTheTerminal() throws IOException {
        Path deep = zip(folder.resolve("deep.zip"), "x/".repeat(10_000) + "1.png");
        assertEnds(pack(deep), 3, "is nested 10000 folders deep");
        Path image = zip(folder.resolve("image.zip"), "a\u001b[2J\u202e/\u0007b/1.png");
        assertEnds(pack(image), 3, "a\\u001b[2J\\u202e/\\u0007b/1.png");
        Path broken = zip(folder.resolve("broken.zip"), "a\nb\u001b]0;x/../1.png");
        assertEnds(pack(broken), 3, "a\\u000ab\\u001b]0;x/../1.png", "leads outside");
        Outcome traced = kindling(
                "pack",
                "--set",
                "few-shot.data=" + image,
                "--to",
                folder.resolve("a.npz").toString(),
                "--debug");
        assertThat(traced.err().lines().count()).isGreaterThan(3);
        assertThat(traced.err().chars()).noneMatch(HostileInputTest::isControl);
        assertEnds(kindling("check", "--conf", "a\u001b[2Jb"), 2, "a\\u001b[2Jb");
        assertEnds(kindling("check", "--co\u001b[2Jnf", "b"), 2, "--co\\u001b[2Jnf");
    }

    private Outcome pack(Path data) {
        return kindling(
                "pack",
                "--set",
                "few-shot.data=" + data,
                "--to",
                folder.resolve("a.npz").toString());
    }

    @Test
    void existingFilesAreNeverOverwritten() throws IOException {
        Path run = folder.resolve("run");
        assertThat(kindling("train", "--conf", job.toString(), "--out", run.toString())
                        .code())
                .isZero();
        Path to = Files.writeString(folder.resolve("mine.safetensors"), "mine");
        String[] export = {"export", "--out", run.toString(), "--format", "safetensors", "--to", to.toString()};
        assertEnds(kindling(export), 2, "--to: " + to + " exists; it must be a file that is not there yet");
        assertThat(to).hasContent("mine");
        Files.delete(to);
        assertThat(kindling(export).code()).isZero();

        Path dump = Files.createDirectories(folder.resolve("dump"));
        Files.writeString(dump.resolve("notes.txt"), "mine");
        String[] check = {"check", "--conf", job.toString(), "--dump", dump.toString()};
        assertThat(kindling(check).code()).as("beside other files").isZero();
        byte[] theta = Files.readAllBytes(dump.resolve("theta.safetensors"));
        assertEnds(kindling(check), 2, "--dump: " + dump.resolve("theta.safetensors") + " exists");
        Files.write(dump.resolve("theta.safetensors"), "mine".getBytes(StandardCharsets.UTF_8));
        assertEnds(kindling(check), 2, "exists");
        assertThat(dump.resolve("theta.safetensors")).hasContent("mine");
        assertThat(theta).isNotEmpty();
    }

    @Test
    void pipesAndDevicesAreNotRead() throws IOException, InterruptedException {
        Path pipe = folder.resolve("pipe.safetensors");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        assertEnds(
                kindling("check", "--conf", job.toString(), "--theta", pipe.toString()),
                3,
                "pipe.safetensors is a pipe");
        assertEnds(kindling("check", "--conf", pipe.toUri().toString()), 3, "pipe.safetensors is a pipe");
        assertEnds(kindling("check", "--conf", pipe.toString()), 2, "it must be a file that exists");
    }
}
