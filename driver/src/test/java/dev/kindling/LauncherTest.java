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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests {@code deploy/kindling} in a temporary repository, with stand-ins for java and mvn that print their arguments. */
class LauncherTest {
    private static final String ANNOUNCEMENT = "WARNING: Using incubator modules: jdk.incubator.vector";

    @TempDir
    private Path root;

    private final Map<String, String> environment = new HashMap<>();

    private record Outcome(int code, List<String> out, List<String> err) {}

    @BeforeEach
    void createRepository() {
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
    void theExitCodeIsThatOfJava() {
        java("17.0.1", "exit 6");
        assertThat(run("train").code()).isEqualTo(6);
    }

    @Test
    void onlyTheIncubatorWarningIsFilteredFromStderr() {
        java("17.0.1", "printf '%s\\n' '" + ANNOUNCEMENT + "' 'Invalid heap size' ' a\\b' >&2");
        run("train");
        // The filter may end after java; a pipe's end waits for both.
        assertThat(start(List.of("bash", "-c", "deploy/kindling train 2>&1 | cat"))
                        .out())
                .containsExactly("Invalid heap size", " a\\b");
    }

    @Test
    void errorsOfKindlingBypassTheFilter() {
        java("17.0.1", "echo 'run.rounds is -1; it must be 0 or more' >&3; echo \"$*\"");
        run("train");
        Outcome refused = run("train");
        assertThat(refused.err()).containsExactly("run.rounds is -1; it must be 0 or more");
        assertThat(refused.out()).singleElement().asString().contains("-Dkindling.stderr=3");
    }

    @Test
    void argumentsArePassedUnchanged() {
        java("17.0.1", "printf '<%s>\\n' \"$@\"");
        assertThat(run("train", "--set", "a = [1, 2]", "", "*").out())
                .endsWith("<dev.kindling.driver.cli.Kindling>", "<train>", "<--set>", "<a = [1, 2]>", "<>", "<*>")
                .contains("<--add-modules=jdk.incubator.vector>", "<--add-opens=java.base/java.nio=ALL-UNNAMED>");
    }

    @Test
    void aRemoteMasterIsSubmittedThroughSpark() {
        javaOfSpark();
        assertThat(run("train", "--master", "local-cluster[2,1,1024]").out())
                .containsSubsequence(
                        "-Dspark.has=its-say",
                        "dev.kindling.driver.cli.SubmitMain",
                        "--master",
                        "local-cluster[2,1,1024]",
                        "--class",
                        "dev.kindling.driver.cli.Kindling",
                        "train")
                .doesNotContain("org.apache.spark.deploy.SparkSubmit");
        assertThat(run("train", "--master=local[3]").out()).doesNotContain("dev.kindling.driver.cli.SubmitMain");
        assertThat(run("train", "--master=nonsense").out())
                .doesNotContain("dev.kindling.driver.cli.SubmitMain")
                .contains("--master=nonsense");
    }

    @Test
    void argumentsAfterDashDashAreForSpark() {
        javaOfSpark();
        List<String> arguments = run(
                        "train", "--conf", "job.conf", "--master", "local[2]", "--", "--conf", "spark.a=b c")
                .out();
        assertThat(arguments)
                .containsSubsequence("--master", "local[2]", "--conf", "spark.a=b c", "--class")
                .endsWith("train", "--conf", "job.conf");
        assertThat(arguments).doesNotContain("--");
    }

    @Test
    void optionsOfSparkAreKeptAndThoseOfKindlingTakePrecedence() {
        environment.put("KINDLING_JAVA_OPTS", "-Xmx5g -Dmine=1");
        javaOfSpark();
        List<String> arguments = run("train", "--master", "spark://host:7077").out();
        assertThat(arguments)
                .containsSubsequence(
                        "--add-modules=jdk.incubator.vector",
                        "-Dkindling.stderr=3",
                        "-Dspark.has=its-say",
                        "-Xmx5g",
                        "-Dmine=1",
                        "dev.kindling.driver.cli.SubmitMain")
                .contains("memory 5g");
        assertThat(arguments.get(arguments.indexOf("-cp") + 1))
                .startsWith(
                        root.resolve("driver/target/kindling/kindling-1.jar").toString())
                .endsWith(":/spark/conf:/spark/jars/*");
    }

    @Test
    void anInstalledSparkIsUsed() {
        javaOfSpark();
        write("spark/jars/spark-core_2.12-3.5.7.jar", "");
        write("spark/bin/load-spark-env.sh", "export FROM_SPARK_ENV=yes; false\n");
        environment.put("SPARK_HOME", root.resolve("spark").toString());
        assertThat(run("train").out()).contains("dev.kindling.driver.cli.SubmitMain", "home " + root.resolve("spark"));
        assertThat(run("train").out()).contains("spark-env yes");
        assertThat(run("check").out()).as("who needs no Spark").doesNotContain("dev.kindling.driver.cli.SubmitMain");
        environment.put("SPARK_HOME", "none");
        assertThat(run("train").out()).doesNotContain("dev.kindling.driver.cli.SubmitMain");
    }

    @Test
    void theSparkOfTheSparkSubmitOnThePathIsUsed() throws IOException {
        javaOfSpark();
        write("spark/jars/spark-core_2.12-3.5.7.jar", "");
        write("spark/bin/load-spark-env.sh", "");
        write("spark/bin/spark-submit", "");
        Files.createSymbolicLink(root.resolve("bin/spark-submit"), root.resolve("spark/bin/spark-submit"));
        assertThat(run("train").out()).contains("home " + root.resolve("spark"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"2.13-3.5.6", "2.13-4.0.1", "2.13-4.3.0"})
    void otherVersionsOfSparkAndScalaAreUsedAndMayBeFoldersOfJars(String version) {
        javaOfSpark();
        write("spark/jars/spark-core_" + version + ".jar", "");
        environment.put("SPARK_HOME", root.resolve("spark").toString());
        assertThat(run("train").out()).contains("home " + root.resolve("spark"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"2.13-4.0.0", "2.12-3.4.1", "2.13-5.0.0"})
    void aSparkThatKindlingCannotUseIsRefused(String version) {
        write("spark/jars/spark-core_" + version + ".jar", "");
        environment.put("SPARK_HOME", root.resolve("spark").toString());
        Outcome refused = run("train");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err())
                .last()
                .asString()
                .startsWith("SPARK_HOME is " + root.resolve("spark") + ", which is no Spark 3.5 or 4 (4.0.1 or newer)");
    }

    @Test
    void withoutAnInstalledSparkYarnIsRefused() {
        Outcome refused = run("train", "--master", "yarn");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err())
                .last()
                .asString()
                .startsWith("--master is yarn, for which a Spark 3.5 or 4 must be installed");
    }

    @Test
    void anOptionThatSparkSubmitRefusesIsASingleLineMessage() {
        write("bin/java", """
                #!/bin/sh
                case "$*" in
                    -version) echo 'openjdk version "17.0.1" 2021-10-19' >&2 ;;
                    *launcher.Main*)
                        echo 'Error: Unrecognized option: --nonsense' >&2
                        printf '\\0\\n%s\\0' java org.apache.spark.deploy.SparkSubmit --usage-error ;;
                esac
                """);
        Outcome refused = run("train", "--", "--nonsense");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).last().isEqualTo("Spark cannot submit Kindling: Unrecognized option: --nonsense");
    }

    @Test
    void aJvmThatDoesNotStartEndsWithTwoAndASingleLineMessage() {
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
    void itBuildsOnlyOnFirstUseAndAfterAChange() {
        assertThat(run("train").err()).singleElement().asString().startsWith("Building Kindling");
        assertThat(run("train").err()).isEmpty();
        assertThat(builds()).hasSize(1).allSatisfy(call -> assertThat(call).contains("-Dlauncher", "package"));

        touchLater("spark-job/src/main/Job.java");
        assertThat(run("train").err()).isEmpty();
        assertThat(builds()).hasSize(2);
    }

    /** A stand-in for java that writes an archive of classes where it is asked for one, and prints its arguments. */
    private void javaThatArchives(String does) {
        java("17.0.1", """
                for argument; do
                    case $argument in -XX:ArchiveClassesAtExit=*) %s; exit;; esac
                done
                echo "$*"
                """.formatted(does));
    }

    @Test
    void theClassesOfAShortTrainingAreArchivedAfterABuildAndShared() {
        javaThatArchives("echo \"$*\" > archived; touch \"${argument#*=}\"");
        String archive = "-XX:SharedArchiveFile=" + root.resolve("driver/target/kindling/classes.jsa");
        assertThat(run("train").out()).singleElement().asString().contains(archive, "-Xlog:cds*=off");
        assertThat(read(root.resolve("archived")))
                .contains("train", "omniglot-conv4-5w1s-maml", "set.zip", "-XX:+UseParallelGC");
        write("archived", "");
        assertThat(run("check").out()).singleElement().asString().contains(archive);
        assertThat(run("train", "--master", "local[3]").out())
                .singleElement()
                .asString()
                .contains(archive);
        assertThat(read(root.resolve("archived"))).as("one after each build").isEmpty();
        for (String variable : List.of("KINDLING_JAVA_OPTS", "JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS")) {
            environment.put(variable, "-Xmx1g");
            assertThat(run("train").out()).singleElement().asString().doesNotContain("SharedArchiveFile");
            environment.remove(variable);
        }
        touchLater("spark-job/src/main/Job.java");
        assertThat(run("train").out()).singleElement().asString().contains(archive);
        assertThat(read(root.resolve("archived"))).isNotEmpty();
    }

    @Test
    void withoutAnArchiveJavaStartsAsUsual() {
        javaThatArchives("echo no such option >&2; exit 1");
        Outcome outcome = run("train");
        assertThat(outcome.code()).isZero();
        assertThat(outcome.out()).singleElement().asString().doesNotContain("SharedArchiveFile");
        assertThat(outcome.err()).containsExactly("Building Kindling (first use, a few minutes)...");
        assertThat(read(root.resolve("driver/target/build.log"))).contains("no such option");
    }

    @Test
    void aFailedBuildIsASingleLineMessageAndIsRetried() {
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
        // A Spark of the surroundings is none of this repository's.
        builder.environment().remove("SPARK_HOME");
        builder.environment().put("JAVA_HOME", root.toString());
        builder.environment().putAll(environment);
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

    /** A stand-in for java that prints what Spark's launcher prints, and otherwise its arguments. */
    private void javaOfSpark() {
        write("bin/java", """
                #!/bin/bash
                case "$*" in
                    -version) echo 'openjdk version "17.0.1" 2021-10-19' >&2; exit ;;
                    --dry-run*) exit ;;
                    *launcher.Main*)
                        while [[ $1 != org.apache.spark.launcher.Main ]]; do shift; done
                        shift
                        printf '\\0\\n'
                        printf '%%s\\0' %s -cp '/spark/conf:/spark/jars/*' -Dspark.has=its-say "$@"
                        exit ;;
                esac
                printf '%%s\\n' "home $SPARK_HOME" "spark-env ${FROM_SPARK_ENV:-}" "memory ${SPARK_DRIVER_MEMORY:-}" "$@"
                """.formatted(root.resolve("bin/java")));
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
