package dev.kindling.driver.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Runs a standalone Spark cluster on this machine, from the application's copy of Spark. */
final class Standalone implements AutoCloseable {
    private static final Pattern MASTER = Pattern.compile("Starting Spark master at (spark://\\S+)");

    private final ChaosHarness harness;
    private final Path home;
    private final List<Process> workers = new ArrayList<>();
    private final Process process;
    private final String master;

    /** Starts a master without workers. */
    Standalone(ChaosHarness harness) {
        this.harness = harness;
        this.home = harness.root().resolve("driver/target/kindling/spark").toAbsolutePath();
        Path log = log("master");
        process = start(
                log,
                "org.apache.spark.deploy.master.Master",
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                "--webui-port",
                "0");
        Await.until("a standalone master", () -> address(log) != null);
        master = address(log);
    }

    private Path log(String name) {
        return harness.work().resolve("logs").resolve(name + "-" + System.nanoTime() + ".log");
    }

    private static String address(Path log) {
        try {
            Matcher matcher = MASTER.matcher(Files.readString(log));
            return matcher.find() ? matcher.group(1) : null;
        } catch (IOException e) {
            return null;
        }
    }

    private Process start(Path log, String main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-Xmx512m",
                "-Dlog4j2.configurationFile=org/apache/spark/log4j2-defaults.properties",
                "-Dlog4j2.level=INFO",
                "-cp",
                home + "/jars/*",
                main));
        command.addAll(List.of(arguments));
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.environment().put("SPARK_HOME", home.toString());
        builder.environment().put("SPARK_SCALA_VERSION", "2.12");
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        builder.environment().put("SPARK_LOCAL_HOSTNAME", "localhost");
        try {
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String master() {
        return master;
    }

    /** Starts a further worker of one core, which registers with the master some seconds later. */
    void addWorker() {
        Path log = log("worker");
        workers.add(start(
                log,
                "org.apache.spark.deploy.worker.Worker",
                "--host",
                "127.0.0.1",
                "--webui-port",
                "0",
                "--cores",
                "1",
                "--memory",
                "1g",
                "--work-dir",
                harness.work().resolve("worker-" + (workers.size() + 1)).toString(),
                master));
    }

    List<ProcessHandle> executors() {
        return workers.stream()
                .flatMap(worker -> Processes.executorsBelow(worker.toHandle()).stream())
                .toList();
    }

    @Override
    public void close() {
        for (Process worker : workers) {
            worker.descendants().forEach(ProcessHandle::destroyForcibly);
            worker.destroyForcibly();
        }
        process.destroyForcibly();
    }
}
