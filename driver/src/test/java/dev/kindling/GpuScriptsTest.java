package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The scripts of {@code deploy/} for GPUs, with stand-ins for nvidia-smi. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class GpuScriptsTest {
    private static final Path DEPLOY = Path.of("../deploy");

    private record Outcome(int code, String out, String err) {}

    @TempDir
    private Path folder;

    /** Runs a script where nvidia-smi is the given commands of a shell. */
    private Outcome run(String script, String nvidiaSmi, Map<String, String> environment, String... options)
            throws IOException, InterruptedException {
        Path standIn = Files.writeString(folder.resolve("nvidia-smi"), "#!/bin/sh\n" + nvidiaSmi + "\n");
        assertThat(standIn.toFile().setExecutable(true)).isTrue();
        String[] command = new String[options.length + 1];
        command[0] = DEPLOY.resolve(script).toRealPath().toString();
        System.arraycopy(options, 0, command, 1, options.length);
        ProcessBuilder builder = new ProcessBuilder(command);
        File err = folder.resolve("err").toFile();
        builder.redirectError(err);
        builder.environment().remove("CUDA_VISIBLE_DEVICES");
        builder.environment().putAll(environment);
        builder.environment().merge("PATH", folder + ":", (path, first) -> first + path);
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), out, Files.readString(err.toPath()));
    }

    @Test
    void gpusOfNvidiaSmiAreListedAsAddressesInOneLineOfJson() throws Exception {
        assertThat(run("discover-gpus", "[ \"$1\" = --query-gpu=index ] && printf '0\\n1\\n'", Map.of()))
                .isEqualTo(new Outcome(0, "{\"name\": \"gpu\", \"addresses\": [\"0\", \"1\"]}\n", ""));
    }

    @Test
    void withoutAGpuTheListIsEmpty() throws Exception {
        assertThat(run("discover-gpus", "echo 'NVIDIA-SMI has failed'; exit 9", Map.of()))
                .isEqualTo(new Outcome(0, "{\"name\": \"gpu\", \"addresses\": []}\n", ""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2,3|\"2\", \"3\"",
                "GPU-5f,MIG-7|\"GPU-5f\", \"MIG-7\"",
                "0,-1,1|\"0\"",
                "''|''",
            })
    void visibleDevicesOfCudaAreListedUnchanged(String visible, String addresses) throws Exception {
        assertThat(run("discover-gpus", "echo 7", Map.of("CUDA_VISIBLE_DEVICES", visible))
                        .out())
                .isEqualTo("{\"name\": \"gpu\", \"addresses\": [" + addresses + "]}\n");
    }

    @Test
    void aComparisonWithoutAGpuIsRefused() throws Exception {
        assertThat(run("prove-gpu", "exit 9", Map.of()))
                .isEqualTo(new Outcome(
                        2,
                        "",
                        "nvidia-smi finds no GPU on this machine; deploy/prove-gpu --without-gpu shows the script "
                                + "without one\n"));
    }

    @Test
    void aComparisonWithMissingImagesOrZeroRoundsIsRefused() throws Exception {
        Outcome images = run("prove-gpu", "exit 9", Map.of(), "--without-gpu", "--omniglot", "/nowhere");
        assertThat(images.code()).isEqualTo(2);
        assertThat(images.err()).startsWith("--omniglot is /nowhere, which is not there");
        assertThat(run("prove-gpu", "exit 9", Map.of(), "--rounds", "0").err()).startsWith("--rounds is 0; it must be");
        assertThat(run("prove-gpu", "exit 9", Map.of(), "--fast").err()).startsWith("the option is --fast; it must be");
    }
}
