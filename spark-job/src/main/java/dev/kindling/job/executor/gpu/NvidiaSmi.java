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
 * The program {@code nvidia-smi}, which comes with NVIDIA's driver and which the discovery script asks too. As a process of
 * its own it can be asked before a library of CUDA's is loaded, and what it does not survive this JVM does.
 */
public final class NvidiaSmi implements GpuInventory {
    private static final String PROGRAM = "nvidia-smi";
    private static final List<String> QUESTION =
            List.of(PROGRAM, "--query-gpu=index,uuid,name,compute_cap,memory.free", "--format=csv,noheader,nounits");
    private static final int FIELDS = 5;
    private static final int MEBIBYTE = 20;
    /** Without its persistence mode the driver takes seconds to wake up. */
    private static final long PATIENCE_SECONDS = 60;

    @Override
    public List<GpuInfo> all() {
        return answer().lines()
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .map(NvidiaSmi::card)
                .toList();
    }

    /** Into a file and not a pipe, for a driver that hangs would keep whoever reads that. */
    private static String answer() {
        try {
            Path said = Files.createTempFile("kindling-gpus", ".csv");
            try {
                run(
                        new ProcessBuilder(QUESTION)
                                .redirectOutput(said.toFile())
                                .redirectError(ProcessBuilder.Redirect.DISCARD)
                                .start(),
                        said);
                return Files.readString(said);
            } finally {
                Files.delete(said);
            }
        } catch (IOException e) {
            throw unavailable("cannot be run: " + e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable("was not waited for");
        }
    }

    private static void run(Process process, Path said) throws IOException, InterruptedException {
        process.getOutputStream().close();
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw unavailable("does not end");
        }
        if (process.exitValue() != 0) {
            throw unavailable("ended with " + process.exitValue() + ": "
                    + Files.readString(said).lines().findFirst().orElse("it said nothing"));
        }
    }

    /** A card of a line such as {@code 0, GPU-5f0c..., NVIDIA A10, 8.6, 22731}, the last in MiB. */
    static GpuInfo card(String line) {
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
            // Said below.
        }
        throw unavailable("said \"" + line + "\", which is no GPU with its compute capability");
    }

    /** What cannot be told stands in brackets. */
    private static OptionalLong free(String field) {
        return field.startsWith("[") ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(field) << MEBIBYTE);
    }

    private static BackendUnavailableException unavailable(String why) {
        return new BackendUnavailableException("the GPUs of this machine are not known, because " + PROGRAM + " " + why
                + "; it must be on the PATH of executors with GPUs and see them, or backend.name must be vector");
    }
}
