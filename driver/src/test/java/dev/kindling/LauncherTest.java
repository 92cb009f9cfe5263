package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code deploy/kindling} in a repository of its own, with a java and an mvn that only say how they were called. */
class LauncherTest {
    private static final String ANNOUNCEMENT = "WARNING: Using incubator modules: jdk.incubator.vector";

    @TempDir
    private Path root;

    private record Outcome(int code, List<String> out, List<String> err) {}

    @BeforeEach
    void layOutARepository() {
        for (String file : List.of("pom.xml", "spark-job/pom.xml", "driver/pom.xml", "conf/reference.conf")) {
            write(file, "");
        }
        write("spark-job/src/main/Job.java", "");
        write("driver/src/main/Driver.java", "");
        write("deploy/kindling", read(launcher()));
        java("17.0.1", "exit 0");
        write("bin/mvn", """
                #!/bin/sh
                echo "mvn $*" >> "$PWD/calls"
                mkdir -p driver/target/kindling && touch driver/target/kindling/kindling-1.jar
                """);
    }

    @Test
    void javasExitCodeIsTheCommands() {
        java("17.0.1", "exit 6");
        assertThat(run("train").code()).isEqualTo(6);
    }

    @Test
    void onlyTheAnnouncementOfTheIncubatorIsTakenFromWhatTheJvmSays() {
        java("17.0.1", "printf '%s\\n' '" + ANNOUNCEMENT + "' 'Invalid heap size' ' a\\b' >&2");
        run("train");
        // The filter may end after java; a pipe's end waits for both.
        assertThat(start(List.of("bash", "-c", "deploy/kindling train 2>&1 | cat"))
                        .out())
                .containsExactly("Invalid heap size", " a\\b");
    }

    @Test
    void kindlingsOwnErrorsPassTheFilterBy() {
        java("17.0.1", "echo 'run.rounds is -1; it must be 0 or more' >&3; echo \"$*\"");
        run("train");
        Outcome refused = run("train");
        assertThat(refused.err()).containsExactly("run.rounds is -1; it must be 0 or more");
        assertThat(refused.out()).singleElement().asString().contains("-Dkindling.stderr=3");
    }

    @Test
    void argumentsArriveAsTheyWereGiven() {
        java("17.0.1", "printf '<%s>\\n' \"$@\"");
        assertThat(run("train", "--set", "a = [1, 2]", "", "*").out())
                .endsWith("<dev.kindling.driver.cli.Kindling>", "<train>", "<--set>", "<a = [1, 2]>", "<>", "<*>")
                .contains("<--add-modules=jdk.incubator.vector>", "<--add-opens=java.base/java.nio=ALL-UNNAMED>");
    }

    @Test
    void anotherMasterThanThisJvmIsSubmittedToSpark() {
        java("17.0.1", "printf '%s\\n' \"$@\"");
        assertThat(run("train", "--master", "local-cluster[2,1,1024]").out())
                .containsSubsequence(
                        "dev.kindling.driver.cli.Submit",
                        "--master",
                        "local-cluster[2,1,1024]",
                        "--class",
                        "dev.kindling.driver.cli.Kindling",
                        "train");
        assertThat(run("train", "--master=local[3]").out()).doesNotContain("dev.kindling.driver.cli.Submit");
        assertThat(run("train", "--master=nonsense").out()).doesNotContain("dev.kindling.driver.cli.Submit");
    }

    @Test
    void aJvmThatDoesNotStartIsTwoAndOneSentence() {
        write("bin/java", """
                #!/bin/sh
                if [ "$1" = -version ]; then echo 'openjdk version "17.0.1" 2021-10-19' >&2; exit; fi
                if [ "$1" = --dry-run ]; then
                    echo 'Error occurred during initialization of VM' && echo 'Too small a heap.'; exit 1
                fi
                exit 0
                """);
        Outcome refused = run("train");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).last().asString().endsWith("java does not start: Too small a heap");
    }

    @Test
    void itBuildsOnFirstUseAndAfterAChangeOnly() {
        assertThat(run("train").err()).singleElement().asString().startsWith("Building Kindling");
        assertThat(run("train").err()).isEmpty();
        assertThat(builds()).hasSize(1).allSatisfy(call -> assertThat(call).contains("-Dlauncher", "package"));

        touchLater("spark-job/src/main/Job.java");
        assertThat(run("train").err()).isEmpty();
        assertThat(builds()).hasSize(2);
    }

    @Test
    void aFailedBuildIsOneSentenceAndTriedAgain() {
        write("bin/mvn", "#!/bin/sh\necho reason; exit 1\n");
        Outcome failed = run("train");
        assertThat(failed.code()).isEqualTo(2);
        assertThat(failed.err()).last().asString().contains("could not be built", "driver/target/build.log");
        assertThat(read(root.resolve("driver/target/build.log"))).contains("reason");
        assertThat(run("train").code()).isEqualTo(2);
    }

    @Test
    void anOldJavaIsRefusedBeforeBuilding() {
        java("11.0.2", "exit 0");
        assertThat(run("train"))
                .isEqualTo(new Outcome(2, List.of(), List.of("java is version 11; it must be 17 or newer")));
    }

    private Outcome run(String... arguments) {
        List<String> command =
                new ArrayList<>(List.of(root.resolve("deploy/kindling").toString()));
        command.addAll(List.of(arguments));
        return start(command);
    }

    private Outcome start(List<String> command) {
        Path out = root.resolve("out");
        Path err = root.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(root.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().put("JAVA_HOME", root.toString());
        builder.environment().merge("PATH", root.resolve("bin") + ":", (path, bin) -> bin + path);
        try {
            Process process = builder.start();
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            return new Outcome(process.exitValue(), lines(out), lines(err));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void java(String version, String does) {
        write("bin/java", """
                #!/bin/sh
                if [ "$1" = -version ]; then echo 'openjdk version "%s" 2021-10-19' >&2; exit; fi
                if [ "$1" = --dry-run ]; then exit; fi
                %s
                """.formatted(version, does));
    }

    private List<String> builds() {
        return lines(root.resolve("calls"));
    }

    private void touchLater(String file) {
        try {
            Files.setLastModifiedTime(
                    root.resolve(file), FileTime.from(Instant.now().plusSeconds(5)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void write(String file, String text) {
        Path path = root.resolve(file);
        try {
            Files.createDirectories(path.getParent());
            Files.writeString(path, text, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING);
            assertThat(path.toFile().setExecutable(true)).isTrue();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path launcher() {
        return Stream.of("../deploy/kindling", "deploy/kindling")
                .map(Path::of)
                .filter(Files::exists)
                .findFirst()
                .orElseThrow();
    }

    private static List<String> lines(Path file) {
        return read(file).lines().toList();
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
