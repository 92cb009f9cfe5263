package dev.kindling.driver.cli;

import dev.kindling.driver.cluster.spark.SparkSubmitLauncher;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;

/**
 * What the launcher starts where executors are elsewhere: Spark submits {@link Kindling}. Spark's own class would end with
 * a stack trace and exit code 1 where it refuses.
 */
public final class SubmitMain {
    private SubmitMain() {}

    /** Takes the arguments of {@code spark-submit}; on refusal it ends the JVM as {@link Kindling} would. */
    public static void main(String[] arguments) {
        try {
            SparkSubmitLauncher.submit(arguments);
        } catch (RuntimeException | Error e) {
            PrintWriter errors = new PrintWriter(ErrorStream.standard(), true, StandardCharsets.UTF_8);
            System.exit(Kindling.failed(e, errors, Kindling.debugs(arguments)));
        }
    }
}
