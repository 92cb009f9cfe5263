package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.config.JobConfig;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a program computes with in a JVM that was started without the Vector API. */
class WithoutVectorApiTest {
    private static final Path JOB = Path.of("..", "conf", "sinusoid-maml.conf");

    /** Prints the backend that a program's training uses in this JVM. */
    public static void main(String[] args) {
        System.out.println("backend: "
                + ProgramClusters.withAvailableBackend(JobConfig.load(JOB, List.of()))
                        .shown("backend.name"));
    }

    @Test
    void theScalarBackendComputesAndAWarningNamesTheOption(@TempDir Path folder)
            throws IOException, InterruptedException {
        Path printed = folder.resolve("printed");
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dkindling.log.level=warn",
                        "-cp",
                        System.getProperty("java.class.path"),
                        WithoutVectorApiTest.class.getName())
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile())
                .start();
        assertThat(child.waitFor()).isZero();
        assertThat(Files.readString(printed, StandardCharsets.UTF_8))
                .contains("backend: scalar")
                .containsOnlyOnce("add --add-modules=jdk.incubator.vector to the java command line")
                .contains("2 to 6 times slower");
    }

    @Test
    void aJvmWithTheModuleUsesTheVectorBackend() {
        assertThat(ProgramClusters.withAvailableBackend(JobConfig.load(JOB, List.of()))
                        .shown("backend.name"))
                .isEqualTo("vector");
    }
}
