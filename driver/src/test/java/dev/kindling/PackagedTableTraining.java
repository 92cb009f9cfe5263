package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that the built package brings what reads and writes tables; run after packaging, in {@code verify}. */
class PackagedTableTraining {
    private static final Path APPLICATION = Path.of("target", "kindling");

    @TempDir
    private Path temporary;

    @Test
    void thePackageTrainsOnATableAndPredictsIt() throws IOException, InterruptedException {
        String table =
                Path.of("..", "conf", "growth.csv").toAbsolutePath().normalize().toString();
        String run = temporary.resolve("run").toString();
        kindling(
                "train",
                "--conf",
                Path.of("..", "conf", "table-growth.conf").toString(),
                "--set",
                "table.path=" + table,
                "--set",
                "run.rounds=2",
                "--out",
                run);
        assertThat(temporary.resolve("run/table")).isNotEmptyDirectory();

        Path predictions = temporary.resolve("predictions.parquet");
        String output = kindling("adapt", "--out", run, "--data", table, "--to", predictions.toString());
        assertThat(output).contains("420 groups, adapted to");
        assertThat(predictions).isDirectoryContaining("glob:**.parquet");
    }

    /** Runs a command of the package, which must succeed; returns what it printed. */
    private static String kindling(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("--add-") || option.startsWith("-Djdk."))
                .forEach(command::add);
        command.addAll(List.of(
                "-cp",
                APPLICATION.resolve("*") + File.pathSeparator + APPLICATION.resolve("spark/jars/*"),
                "dev.kindling.driver.cli.Kindling"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output;
    }
}
