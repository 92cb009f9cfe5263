package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Runs commands in a JVM without ND4J and Deeplearning4j, as the application is without its folder driver-libs. */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WithoutNd4jTest {
    private static final List<String> MISSING = List.of("nd4j", "deeplearning4j", "dl4j", "javacpp", "openblas");
    private static final String NEXT = "--next--";

    @TempDir
    private Path temporary;

    /** Runs several commands one after another, and prints the exit code and the errors of each as a line. */
    static final class Commands {
        private Commands() {}

        /** Runs the commands that {@link #NEXT} separates. */
        public static void main(String[] args) {
            List<String> command = new ArrayList<>();
            for (String arg : args) {
                if (arg.equals(NEXT)) {
                    Outcome outcome = CommandLineForTests.onThreads(1, command);
                    System.out.println(
                            "code " + outcome.code() + ": " + outcome.err().strip());
                    command.clear();
                } else {
                    command.add(arg);
                }
            }
            System.exit(0);
        }
    }

    @Test
    void aRunIsTrainedResumedEvaluatedReportedAndExported() throws Exception {
        TinyRun run = TinyRun.in(temporary, "run", "backend.name=vector", "run.validate-every=6");
        String folder = run.folder().toString();
        Path exported = temporary.resolve("theta.safetensors");
        assertThat(outcomes(List.of(
                        run.args(),
                        List.of("train", "--resume", "--out", folder, "--set", "run.rounds=30"),
                        List.of("evaluate", "--out", folder),
                        List.of("report", "--out", folder),
                        List.of("export", "--out", folder, "--format", "safetensors", "--to", exported.toString()))))
                .hasSize(5)
                .allSatisfy(outcome -> assertThat(outcome).startsWith("code 0: "));
        assertThat(run.json("status.json").at("/round").asInt()).isEqualTo(30);
        assertThat(exported).exists();
    }

    @Test
    void whatNeedsThemIsRefusedWithTheRemedy() throws Exception {
        Path network = Files.writeString(temporary.resolve("network.json"), "{}");
        TinyRun run = TinyRun.in(temporary, "run", "backend.name=vector", "run.rounds=1");
        List<String> outcomes = outcomes(List.of(
                TinyRun.in(temporary, "a", "backend.name=nd4j").args("--master", "local[1]"),
                TinyRun.in(temporary, "b", "model.network=" + network).args(),
                TinyRun.in(temporary, "c", "algorithm.name=transfer", "transfer.engine=dl4j-spark", "cluster.mode=jobs")
                        .args(),
                run.args(),
                List.of(
                        "export",
                        "--out",
                        run.folder().toString(),
                        "--format",
                        "dl4j",
                        "--to",
                        temporary.resolve("net.zip").toString())));
        String missing = ", but Deeplearning4j is not on the class path of this JVM; add the jars of Kindling's folder "
                + "driver-libs to it (spark-submit: spark.kindling.driver.libs)";
        assertThat(outcomes.get(0))
                .startsWith("code 2: backend.name is nd4j, but ND4J is not on the class path of this JVM; add the jars "
                        + "of Kindling's folder driver-libs to it");
        assertThat(outcomes.get(1)).isEqualTo("code 2: model.network is " + network + missing);
        assertThat(outcomes.get(2)).isEqualTo("code 2: transfer.engine is dl4j-spark" + missing);
        assertThat(outcomes.get(3)).startsWith("code 0: ");
        assertThat(outcomes.get(4)).isEqualTo("code 2: --format is dl4j" + missing);
    }

    private List<String> outcomes(List<List<String>> commands) throws IOException, InterruptedException {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(path -> MISSING.stream().noneMatch(new File(path).getName()::contains))
                .collect(Collectors.joining(File.pathSeparator));
        List<String> args = new ArrayList<>();
        for (List<String> command : commands) {
            args.addAll(command);
            args.add(NEXT);
        }
        File said = temporary.resolve("said").toFile();
        assertThat(TrainInChild.start(Commands.class, classPath, args, said).waitFor())
                .as(Files.readString(said.toPath()))
                .isZero();
        return Files.readAllLines(said.toPath()).stream()
                .filter(line -> line.startsWith("code "))
                .toList();
    }
}
