package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests {@code deploy/cron} and the entry point of the image, with a stand-in for the launcher that logs its arguments and ends with given exit codes. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ScheduledRunsTest {
    private static final String SENTENCE = "the configuration differs in run.seed";

    @TempDir
    private Path root;

    private record Outcome(int code, String out, String err) {}

    @BeforeEach
    void layOut() throws IOException {
        for (String file : List.of("cron/run-once", "kubernetes/entry")) {
            script("deploy/" + file, Files.readString(deploy().resolve(file)));
        }
    }

    /** Ends with each of the codes in turn. */
    private void kindling(String... codes) throws IOException {
        Files.write(root.resolve("codes"), List.of(codes));
        script("deploy/kindling", """
                #!/bin/sh
                echo "$*" >> "%1$s/calls"
                echo 'round 1 of 2'
                code=$(head -n 1 "%1$s/codes")
                sed -i 1d "%1$s/codes"
                [ "$code" = 0 ] || echo '%2$s' >&2
                exit "$code"
                """.formatted(root, SENTENCE));
    }

    @ParameterizedTest
    @CsvSource({"0,0", "6,0", "2,2", "3,3", "4,4"})
    void exitCodesAreTranslatedForSchedulers(String code, int ends) throws Exception {
        kindling(code);
        Outcome outcome = once();
        assertThat(outcome.code()).isEqualTo(ends);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).isEqualTo(ends == 0 ? "" : SENTENCE + "\n");
        assertThat(calls())
                .containsExactly("train --conf a.conf --out runs/a b --resume --max-duration 50m --set run.seed=2");
    }

    @Test
    void aFailedClusterIsRetried() throws Exception {
        kindling("5", "5", "6");
        assertThat(once().code()).isZero();
        assertThat(calls()).hasSize(3);
    }

    @Test
    void retriesAfterClusterFailuresAreLimited() throws Exception {
        kindling("5", "5", "5", "0");
        assertThat(once().code()).isEqualTo(5);
        assertThat(calls()).hasSize(3);
    }

    @Test
    void theOutputOfTheRunIsWrittenToTheRequestedFile() throws Exception {
        kindling("6");
        Path log = root.resolve("log");
        Outcome outcome =
                run(Map.of("KINDLING_LOG", log.toString()), "deploy/cron/run-once", "runs/a", "50m", "a.conf");
        assertThat(outcome).isEqualTo(new Outcome(0, "", ""));
        assertThat(log).hasContent("round 1 of 2\n" + SENTENCE + "\n");
    }

    @Test
    void tooFewArgumentsAreWrongUsage() throws Exception {
        Outcome outcome = run(Map.of(), "deploy/cron/run-once", "runs/a");
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).startsWith("run-once got 1 arguments; it must get FOLDER BUDGET JOB");
    }

    @Test
    void aSignalIsPassedToTheRunAndItsEndIsAwaited() throws Exception {
        kindlingThatStopsOnASignal("deploy/kindling");
        Process firing = start(Map.of(), "deploy/cron/run-once", "runs/a", "50m", "a.conf");
        awaitFile("started");
        firing.destroy();
        assertThat(firing.waitFor()).isZero();
        assertThat(root.resolve("checkpoint")).exists();
    }

    @ParameterizedTest
    @CsvSource({"0,0", "6,0", "2,2"})
    void theCrontabsLineRunsUnderSh(String code, int ends) throws Exception {
        assumeTrue(exists("flock"));
        kindling(code);
        assertThat(run(Map.of(), "sh", "-c", line()).code()).isEqualTo(ends);
        assertThat(calls())
                .containsExactly("train --conf conf/sinusoid-maml.conf --out runs/sinusoid-nightly --resume "
                        + "--max-duration 50m");
    }

    @Test
    void aSecondFiringOfTheCrontabsLineDoesNothing() throws Exception {
        assumeTrue(exists("flock"));
        kindling("0");
        Outcome second = run(
                Map.of(),
                "flock",
                root.resolve("lock/kindling-sinusoid-nightly").toString(),
                "sh",
                "-c",
                line());
        assertThat(second).isEqualTo(new Outcome(0, "", ""));
        assertThat(root.resolve("calls")).doesNotExist();
    }

    @Test
    void systemdAcceptsTheUnits() throws Exception {
        assumeTrue(exists("systemd-analyze"));
        kindling("0");
        List<String> command = new ArrayList<>(List.of("systemd-analyze", "verify", "--man=no"));
        for (String unit : List.of("kindling@.service", "kindling@.timer", "kindling-alert@.service")) {
            Path copy = root.resolve(unit);
            Files.writeString(
                    copy, here(Files.readString(deploy().resolve("cron").resolve(unit))));
            command.add(copy.toString());
        }
        assertThat(run(Map.of(), command.toArray(String[]::new))).isEqualTo(new Outcome(0, "", ""));
    }

    @ParameterizedTest
    @CsvSource({"driver,6,0", "driver,0,0", "driver,2,2", "kindling,6,0", "kindling,5,5", "executor,6,6"})
    void theImageEndsWithZeroForARunStoppedInTime(String what, int code, int ends) throws Exception {
        script("stock", "#!/bin/sh\nexit " + code + "\n");
        assertThat(entry(Map.of(), what, "train").code()).isEqualTo(ends);
    }

    @Test
    void theImageCanReturnTheExitCodeOfAStoppedRun() throws Exception {
        script("stock", "#!/bin/sh\nexit 6\n");
        assertThat(entry(Map.of("KINDLING_STOPPED", "6"), "kindling", "train").code())
                .isEqualTo(6);
    }

    @Test
    void theImagePassesItsCommandLineToSpark() throws Exception {
        script("stock", "#!/bin/sh\nprintf '<%s>' \"$@\"\n");
        assertThat(entry(Map.of("POD_IP", "10.1.2.3", "SPARK_HOME", "/spark"), "kindling", "train", "--set", "a = 1")
                        .out())
                .startsWith("</spark/bin/spark-submit><--deploy-mode><client>")
                .contains("<--driver-class-path></opt/kindling/driver-libs/*>", "<--conf><spark.driver.host=10.1.2.3>")
                .doesNotContain("pod.name")
                .endsWith("<local:///opt/kindling/kindling.jar><train><--set><a = 1>");
        assertThat(entry(Map.of(), "driver", "--class", "x").out()).isEqualTo("<driver><--class><x>");
        assertThat(entry(Map.of(), "executor").out()).isEqualTo("<executor>");
    }

    @Test
    void aSignalToTheImageReachesTheRun() throws Exception {
        kindlingThatStopsOnASignal("stock");
        Process pod = start(
                Map.of("KINDLING_STOCK_ENTRY", root.resolve("stock").toString()), "deploy/kubernetes/entry", "driver");
        awaitFile("started");
        pod.destroy();
        assertThat(pod.waitFor()).isZero();
        assertThat(root.resolve("checkpoint")).exists();
    }

    private Outcome once() throws Exception {
        return run(
                Map.of("KINDLING_PAUSE", "0"),
                "deploy/cron/run-once",
                "runs/a b",
                "50m",
                "a.conf",
                "--set",
                "run.seed=2");
    }

    private Outcome entry(Map<String, String> environment, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("deploy/kubernetes/entry"));
        command.addAll(List.of(arguments));
        Map<String, String> all = new java.util.TreeMap<>(environment);
        all.put("KINDLING_STOCK_ENTRY", root.resolve("stock").toString());
        return run(all, command.toArray(String[]::new));
    }

    private void kindlingThatStopsOnASignal(String file) throws IOException {
        script(file, """
                #!/bin/sh
                trap 'sleep 0.3; touch checkpoint; exit 6' TERM
                touch started
                while :; do sleep 0.1; done
                """);
    }

    private void awaitFile(String name) throws InterruptedException {
        while (!Files.exists(root.resolve(name))) {
            Thread.sleep(20);
        }
    }

    /** The command of the crontab's only line. */
    private String line() throws IOException {
        Files.createDirectories(root.resolve("lock"));
        String line = Files.readAllLines(deploy().resolve("cron/crontab")).stream()
                .filter(text -> text.matches("[0-9*].*"))
                .reduce((one, other) -> {
                    throw new AssertionError("two lines");
                })
                .orElseThrow();
        return here(line.split("\\s+", 6)[5]);
    }

    private String here(String text) {
        return text.replace("/opt/kindling", root.toString())
                .replace("/run/lock", root.resolve("lock").toString());
    }

    private Outcome run(Map<String, String> environment, String... command) throws Exception {
        Path out = root.resolve("out");
        Path err = root.resolve("err");
        ProcessBuilder builder =
                builder(environment, command).redirectOutput(out.toFile()).redirectError(err.toFile());
        int code = builder.start().waitFor();
        return new Outcome(
                code, Files.readString(out, StandardCharsets.UTF_8), Files.readString(err, StandardCharsets.UTF_8));
    }

    private Process start(Map<String, String> environment, String... command) throws IOException {
        return builder(environment, command).inheritIO().start();
    }

    private ProcessBuilder builder(Map<String, String> environment, String... command) {
        List<String> absolute = new ArrayList<>(List.of(command));
        if (command[0].startsWith("deploy/")) {
            absolute.set(0, root.resolve(command[0]).toString());
        }
        ProcessBuilder builder = new ProcessBuilder(absolute).directory(root.toFile());
        builder.environment().putAll(environment);
        return builder;
    }

    private List<String> calls() throws IOException {
        return Files.readAllLines(root.resolve("calls"));
    }

    private void script(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
        assertThat(path.toFile().setExecutable(true)).isTrue();
    }

    private static boolean exists(String program) {
        return Stream.of(System.getenv("PATH").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private static Path deploy() {
        return Stream.of("../deploy", "deploy")
                .map(Path::of)
                .filter(Files::isDirectory)
                .findFirst()
                .orElseThrow();
    }
}
