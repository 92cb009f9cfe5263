package dev.kindling.driver.chaos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Finds executor processes of this machine, sends signals and runs commands. */
final class Processes {
    private static final String EXECUTOR = "CoarseGrainedExecutorBackend";

    private Processes() {}

    /** The running executors that descend from a process: the driver of a local cluster, or a standalone worker. */
    static List<ProcessHandle> executorsBelow(ProcessHandle parent) {
        return parent.descendants()
                .filter(process -> commandLine(process).contains(EXECUTOR))
                .filter(ProcessHandle::isAlive)
                .sorted()
                .toList();
    }

    /** Reads {@code /proc}, since the JDK truncates long command lines, such as those with class paths. */
    private static String commandLine(ProcessHandle process) {
        Path file = Path.of("/proc", Long.toString(process.pid()), "cmdline");
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).replace('\0', ' ');
        } catch (IOException e) {
            return process.info().commandLine().orElse("");
        }
    }

    /** Sends a signal such as {@code KILL}; has no effect if the process has ended. */
    static void signal(ProcessHandle process, String name) {
        run(List.of("kill", "-" + name, Long.toString(process.pid())));
    }

    /** Runs a command and returns its exit code; -1 if it cannot be started. */
    static int run(List<String> command) {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            return -1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Fault("interrupted", e);
        }
    }
}
