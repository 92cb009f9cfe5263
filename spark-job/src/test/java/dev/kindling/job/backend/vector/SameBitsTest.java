package dev.kindling.job.backend.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.tensor.Precision;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trained parameters do not depend on the width of vector registers, nor on whether there are any, nor on the thread that computes. */
class SameBitsTest {
    private static final String FINGERPRINT = Training.fingerprint("vector");

    @ParameterizedTest
    @ValueSource(strings = {"-XX:UseAVX=2", "-XX:MaxVectorSize=16"})
    @DisplayName("a JVM with narrower registers trains to the same bits")
    void narrowerRegistersGiveTheSameBits(String option) throws IOException, InterruptedException {
        // An option of another processor architecture must not fail the test.
        List<String> options =
                List.of("--add-modules=jdk.incubator.vector", "-XX:+IgnoreUnrecognizedVMOptions", option);
        assertThat(fingerprintOfChild(options, "vector")).isEqualTo(FINGERPRINT);
    }

    @Test
    void aJvmWithoutTheVectorApiTrainsToTheSameBitsInPlainLoops() throws IOException, InterruptedException {
        assertThat(fingerprintOfChild(List.of(), "scalar")).isEqualTo(FINGERPRINT);
    }

    private static String fingerprintOfChild(List<String> options, String backend)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        command.addAll(
                List.of("-Xmx1g", "-cp", System.getProperty("java.class.path"), Training.class.getName(), backend));
        Process child = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String printed = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(child.waitFor()).isZero();
        return printed;
    }

    @Test
    void threadsWithTheirOwnWorkspaceTrainToTheSameBits() throws InterruptedException, ExecutionException {
        double[] alone = Training.sinusoid(Precision.FLOAT, 5).train(30, 4).toDoubles();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            List<Callable<double[]>> work = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                work.add(
                        () -> Training.sinusoid(Precision.FLOAT, 5).train(30, 4).toDoubles());
            }
            for (Future<double[]> done : threads.invokeAll(work)) {
                assertThat(done.get()).containsExactly(alone);
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
