package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs the built package in a JVM of its own, on a Spark that is a folder of jars. */
final class BuiltPackage {
    private static final Path APPLICATION = Path.of("target", "kindling");
    private static final String MAIN = "dev.kindling.driver.cli.Kindling";
    private static final long TIMEOUT_SECONDS = 300;

    /** The home of the Spark that the package brings. */
    static final Path OWN_SPARK = APPLICATION.resolve("spark");

    private final Path home;

    private BuiltPackage(Path home) {
        this.home = home;
    }

    /** The package on a Spark whose jars are in the folder {@code jars} of a home. */
    static BuiltPackage on(Path home) {
        return new BuiltPackage(home);
    }

    /** Runs a command in the JVM that is started, whose end must be successful; returns what it printed. */
    String run(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(MAIN));
        command.addAll(arguments);
        return java(List.of(), command);
    }

    /** Runs a command by Spark's submit class. */
    String submit(String master, List<String> arguments) {
        List<String> command = new ArrayList<>(
                List.of("dev.kindling.driver.cli.SubmitMain", "--master", master, "--class", MAIN, jar().toString()));
        command.addAll(arguments);
        return java(List.of(), command);
    }

    /** Runs a program of the tests with the package on its class path. */
    String program(Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(main.getName()));
        command.addAll(List.of(arguments));
        return java(List.of(Path.of("target", "test-classes").toString()), command);
    }

    private static Path jar() {
        return only(APPLICATION, "kindling-");
    }

    private static Path only(Path folder, String begin) {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> found = files.filter(
                            file -> file.getFileName().toString().startsWith(begin)
                                    && file.toString().endsWith(".jar"))
                    .toList();
            assertThat(found).hasSize(1);
            return found.get(0).toAbsolutePath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String java(List<String> more, List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("--add-") || option.startsWith("-Djdk."))
                .forEach(command::add);
        List<String> classPath =
                new ArrayList<>(List.of(jar().toString(), home.resolve("jars/*").toString()));
        classPath.addAll(more);
        command.addAll(List.of("-Xmx1g", "-cp", String.join(File.pathSeparator, classPath)));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // Workers of a local cluster start executors with the jars of this home.
        builder.environment().put("SPARK_HOME", home.toAbsolutePath().toString());
        builder.environment().put("SPARK_SCALA_VERSION", scala());
        builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
        try {
            Process process = builder.start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).as(output).isZero();
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private String scala() {
        String core = only(home.resolve("jars"), "spark-core_").getFileName().toString();
        return core.substring(core.indexOf('_') + 1, core.indexOf('-', core.indexOf('_')));
    }
}
