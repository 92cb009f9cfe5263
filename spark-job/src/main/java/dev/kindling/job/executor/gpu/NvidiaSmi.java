package dev.kindling.job.executor.gpu;

import dev.kindling.job.backend.GpuSupport;
import dev.kindling.job.error.BackendUnavailableException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * Queries GPUs with the program {@code nvidia-smi} of NVIDIA's driver, which the discovery script uses, too. As a process of its
 * own it needs no CUDA library in this JVM, and a crash of it does not affect this JVM.
 */
public final class NvidiaSmi implements GpuInventory {
    private static final String PROGRAM = "nvidia-smi";
    private static final List<String> QUERY =
            List.of(PROGRAM, "--query-gpu=index,uuid,name,compute_cap,memory.free", "--format=csv,noheader,nounits");
    private static final int FIELDS = 5;
    private static final int MEBIBYTE = 20;
    /** Without persistence mode the driver takes seconds to initialise. */
    private static final long TIMEOUT_SECONDS = 60;

    @Override
    public List<GpuInfo> all() {
        return output().lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .map(NvidiaSmi::parse)
                .toList();
    }

    /** Redirected to a file, because reading a pipe would block if the driver hangs. */
    private static String output() {
        try {
            Path output = Files.createTempFile("kindling-gpus", ".csv");
            try {
                run(
                        new ProcessBuilder(QUERY)
                                .redirectOutput(output.toFile())
                                .redirectError(ProcessBuilder.Redirect.DISCARD)
                                .start(),
                        output);
                return Files.readString(output);
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw unavailable("cannot be run: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable("was interrupted");
        }
    }

    private static void run(Process process, Path output) throws IOException, InterruptedException {
        process.getOutputStream().close();
        if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw unavailable("does not end");
        }
        if (process.exitValue() != 0) {
            throw unavailable("ended with " + process.exitValue() + ": "
                    + Files.readString(output).lines().findFirst().orElse("no output"));
        }
    }

    /** Parses a line such as {@code 0, GPU-5f0c..., NVIDIA A10, 8.6, 22731}, the last in MiB. */
    static GpuInfo parse(String line) {
        String[] fields = line.split(", *", -1);
        try {
            if (fields.length == FIELDS) {
                return new GpuInfo(
                        Integer.parseInt(fields[0]),
                        fields[1],
                        fields[2],
                        GpuSupport.Capability.of(fields[3]),
                        free(fields[4]));
            }
        } catch (NumberFormatException e) {
            // Reported below.
        }
        throw unavailable("printed \"" + line + "\", which is no GPU with its compute capability");
    }

    /** Unknown values are in brackets. */
    private static OptionalLong free(String field) {
        return field.startsWith("[") ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(field) << MEBIBYTE);
    }

    private static BackendUnavailableException unavailable(String why) {
        return new BackendUnavailableException("the GPUs of this machine are unknown, because " + PROGRAM + " " + why
                + "; it must be on the PATH of executors with GPUs and list them, or backend.name must be vector");
    }
}
