package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that the built package trains on the Spark of {@code deploy/versions}, another version for another Scala than the one
 * it is compiled with, to the same bytes; run after packaging, in {@code verify}.
 */
class PackagedOnAnotherSpark {
    private static final Path OTHER_SPARK = Path.of("..", "deploy", "versions", "target", "spark");
    private static final String TWO_EXECUTORS = "local-cluster[2,1,1024]";

    @TempDir
    private static Path own;

    @TempDir
    private Path temporary;

    private Path run;

    @BeforeAll
    static void trainOnTheOwnSpark() {
        assumeTrue(
                Files.isDirectory(OTHER_SPARK.resolve("jars")),
                "skipped: deploy/versions was not built, which mvn verify of the whole project does");
        BuiltPackage.on(BuiltPackage.OWN_SPARK).run(sinusoids(own.resolve("sinusoids")));
    }

    @BeforeEach
    void nameTheRun() {
        run = temporary.resolve("run");
    }

    private static List<String> sinusoids(Path out, String... settings) {
        List<String> arguments = new ArrayList<>(List.of(
                "train",
                "--conf",
                Path.of("..", "conf", "sinusoid-maml.conf").toString(),
                "--set",
                "run.rounds=20",
                "--set",
                "evaluation.tasks=20",
                "--out",
                out.toString()));
        for (String setting : settings) {
            arguments.addAll(List.of("--set", setting));
        }
        return arguments;
    }

    private static byte[] theta(Path folder) throws IOException {
        return Files.readAllBytes(folder.resolve("model/theta.safetensors"));
    }

    @Test
    void localThreadsTrainToTheSameBytes() throws IOException {
        BuiltPackage.on(OTHER_SPARK).run(sinusoids(run));

        assertThat(theta(run)).isEqualTo(theta(own.resolve("sinusoids")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"persistent", "jobs"})
    void twoExecutorsTrainToTheSameBytes(String mode) throws IOException {
        BuiltPackage.on(OTHER_SPARK).submit(TWO_EXECUTORS, sinusoids(run, "cluster.mode=" + mode));

        assertThat(theta(run)).isEqualTo(theta(own.resolve("sinusoids")));
    }

    @Test
    void aTableIsLearnedToTheSameBytesAndPredicted() throws IOException {
        BuiltPackage.on(BuiltPackage.OWN_SPARK).run(PackagedTableTraining.training(own.resolve("table")));
        BuiltPackage.on(OTHER_SPARK).run(PackagedTableTraining.training(run));

        assertThat(theta(run)).isEqualTo(theta(own.resolve("table")));
        assertThat(BuiltPackage.on(OTHER_SPARK)
                        .run(PackagedTableTraining.prediction(run, temporary.resolve("predictions.parquet"))))
                .contains("420 groups, adapted to");
    }
}
