package dev.kindling.driver.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs {@code deploy/kindling train} once, in a separate process, with its output and errors in two files. */
final class Start implements AutoCloseable {
    private static final Pattern RESUMING = Pattern.compile("resuming after (\\d+) rounds");
    private static final long LONGEST_MINUTES = 15;

    private final Process process;
    private final Path out;
    private final Path err;
    private final RunFolder folder;

    private Start(Process process, Path out, Path err, RunFolder folder) {
        this.process = process;
        this.out = out;
        this.err = err;
        this.folder = folder;
    }

    static Start of(List<String> command, Map<String, String> environment, Path logs, RunFolder folder) {
        try {
            Path out = Files.createTempFile(logs, "start-", ".out");
            Path err = out.resolveSibling(out.getFileName().toString().replace(".out", ".err"));
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectInput(
                            ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile());
            // Without the variables that the launcher has set for this process; and with Kindling's own copy of Spark,
            // whether or not another is installed.
            builder.environment().keySet().removeIf(name -> name.startsWith("KINDLING_") || name.startsWith("SPARK_"));
            builder.environment().put("SPARK_HOME", "none");
            builder.environment().putAll(environment);
            return new Start(builder.start(), out, err, folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The JVM option with which a driver writes Kindling's log to the error stream. */
    static String logging(Path root) {
        return "-Dlog4j2.configurationFile="
                + root.resolve("deploy/log4j2.properties")
                        .toAbsolutePath()
                        .normalize()
                        .toUri();
    }

    RunFolder folder() {
        return folder;
    }

    ProcessHandle process() {
        return process.toHandle();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Waits for the end of the process; returns its exit code, 137 after {@code kill -9}. */
    int await() {
        try {
            Fault.unless(process.waitFor(LONGEST_MINUTES, TimeUnit.MINUTES), "a driver does not end; see " + err);
            return process.exitValue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Fault("interrupted", e);
        }
    }

    /** Waits for the end of the process; Fault if it has another exit code. */
    void mustEndWith(int code) {
        int ended = await();
        Fault.unless(ended == code, "a driver ended with " + ended + ", not " + code + "; see " + err);
    }

    /** Waits for the end of the process; Fault unless it has one of the codes and a single-line message, the result. */
    String mustFail(List<Integer> codes) {
        int ended = await();
        String message = errors().strip();
        Fault.unless(codes.contains(ended), "ended with " + ended + ", not one of " + codes + ": " + message);
        Fault.unless(
                !message.isEmpty() && message.lines().count() == 1, "printed more or less than one line; see " + err);
        return message;
    }

    /** Waits until the run has done a round; false if the driver has ended. */
    boolean reaches(long round) {
        Await.until("round " + round, () -> folder.round() >= round || !isAlive());
        return isAlive();
    }

    /** The number of rounds after which this start resumed the run; -1 if it has not printed one. */
    long resumedAfter() {
        Matcher matcher = RESUMING.matcher(read(out));
        if (matcher.find()) {
            return Long.parseLong(matcher.group(1));
        }
        return -1;
    }

    String errors() {
        return read(err);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Kills the driver with SIGKILL and waits until its executors have ended; Fault if they do not. */
    void kill() {
        List<ProcessHandle> below = Processes.executorsBelow(process());
        process.destroyForcibly();
        await();
        Await.until("executors of a dead driver to end", () -> below.stream().noneMatch(ProcessHandle::isAlive));
    }

    /** Ends the process and its descendants. */
    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }
}
