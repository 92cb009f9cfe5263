package dev.kindling.driver.chaos;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Processes of this machine: executors by their command line, signals by their names. */
final class Processes {
    private static final String EXECUTOR = "CoarseGrainedExecutorBackend";

    private Processes() {}

    /** The executors that live below a process: a driver of a local cluster, or a worker of a standalone one. */
    static List<ProcessHandle> executorsBelow(ProcessHandle parent) {
        return parent.descendants()
                .filter(process -> commandLine(process).contains(EXECUTOR))
                .filter(ProcessHandle::isAlive)
                .sorted()
                .toList();
    }

    /** The JDK cuts long command lines off, and class paths are long. */
    private static String commandLine(ProcessHandle process) {
        Path file = Path.of("/proc", Long.toString(process.pid()), "cmdline");
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).replace('\0', ' ');
        } catch (IOException e) {
            return process.info().commandLine().orElse("");
        }
    }

    /** Sends a signal such as {@code KILL}; a process that is gone does not mind. */
    static void signal(ProcessHandle process, String name) {
        run(List.of("kill", "-" + name, Long.toString(process.pid())));
    }

    /** Runs a command to its end; its exit code. */
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
