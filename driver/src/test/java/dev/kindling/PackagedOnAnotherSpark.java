package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kindling.ml.EstimatorProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Tests that the built package trains on the Spark of {@code deploy/versions}, another version for another Scala than the one
 * it is compiled with, to the same bytes, by the command line and by estimators of Spark ML; run after packaging, in {@code verify}.
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
    void aPipelineWithAnEstimatorIsFittedToTheSameBytesAndPredictsTheSame() throws IOException {
        Path here = Files.createDirectory(temporary.resolve("here"));
        Path there = Files.createDirectory(temporary.resolve("there"));
        EstimatorProgram.main(new String[] {PackagedTableTraining.TABLE, here.toString()});
        BuiltPackage.on(OTHER_SPARK).program(EstimatorProgram.class, PackagedTableTraining.TABLE, there.toString());

        assertThat(Files.readAllLines(there.resolve("predictions.txt")))
                .hasSizeGreaterThan(100)
                .isEqualTo(Files.readAllLines(here.resolve("predictions.txt")));
        assertThat(stageTheta(there)).isEqualTo(stageTheta(here));
    }

    /** θ of the first stage of the pipeline that was saved. */
    private static byte[] stageTheta(Path out) throws IOException {
        try (Stream<Path> stages = Files.list(out.resolve("model/stages"))) {
            return theta(stages.findFirst().orElseThrow().resolve("kindling"));
        }
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
