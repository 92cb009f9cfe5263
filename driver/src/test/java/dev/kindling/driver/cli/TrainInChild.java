package dev.kindling.driver.cli;

import dev.kindling.driver.cluster.LocalCluster;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** Runs a command in a child JVM, with one worker thread and with handlers for the operating system's signals. */
final class TrainInChild {
    private TrainInChild() {}

    /** Runs the command given by the arguments. */
    public static void main(String[] args) {
        Signals signals = new Signals();
        signals.listen();
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        System.exit(Kindling.run(
                args,
                CommandLineForTests.context(
                        (job, settings) -> new LocalCluster(job, new Configuration(), 1), out, signals),
                err));
    }

    /** Starts a command; its output is written to a file. */
    static Process start(List<String> args, File said) throws IOException {
        return start(TrainInChild.class, args, said);
    }

    /** Starts another main class in the same way. */
    static Process start(Class<?> main, List<String> args, File said) throws IOException {
        return start(main, System.getProperty("java.class.path"), args, said);
    }

    /** Starts a main class on a class path. */
    static Process start(Class<?> main, String classPath, List<String> args, File said) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("--add-"))
                .forEach(command::add);
        command.addAll(List.of("-Xmx512m", "-cp", classPath, main.getName()));
        command.addAll(args);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said)
                .start();
    }
}
