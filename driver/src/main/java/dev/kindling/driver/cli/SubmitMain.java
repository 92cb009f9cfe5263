package dev.kindling.driver.cli;

import dev.kindling.driver.cluster.spark.SparkSubmitLauncher;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/**
 * The entry point for remote masters: submits {@link Kindling} through Spark. Spark's own {@code SparkSubmit} prints a
 * stack trace and ends with exit code 1 on an error; this class prints a single-line message and uses Kindling's exit
 * codes.
 */
public final class SubmitMain {
    private SubmitMain() {}

    /** Submits with the arguments of {@code spark-submit}; on an error it ends the JVM as {@link Kindling} does. */
    public static void main(String[] arguments) {
        try {
            SparkSubmitLauncher.submit(arguments);
        } catch (RuntimeException | Error e) {
            PrintWriter errors = new PrintWriter(ErrorStream.standard(), true, StandardCharsets.UTF_8);
            System.exit(Kindling.failed(e, errors, Kindling.debugs(arguments)));
        }
    }
}
