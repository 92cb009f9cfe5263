package dev.kindling.driver.cli;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.run.ClusterProvider;
import dev.kindling.driver.run.TablePreparation;
import dev.kindling.job.protocol.Job;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.InstantSource;
import java.util.List;
import java.util.function.BiFunction;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/** Runs commands in this JVM on clusters that a test provides. */
final class CommandLineForTests {
    /** The exit code and the output of a command. */
    record Outcome(int code, String out, String err) {}

    private static final TablePreparation NO_TABLES = (settings, folder, fitted) -> {
        throw new IllegalStateException("this test has no Spark to read " + settings.path());
    };

    private CommandLineForTests() {}

    /** Runs a command with a number of threads of this JVM instead of Spark. */
    static Outcome onThreads(int threads, List<String> args) {
        return on((job, settings) -> new LocalCluster(job, new Configuration(), threads), args);
    }

    /** Runs a command on clusters that the test creates. */
    static Outcome on(BiFunction<Job, ClusterSettings, Cluster> clusters, List<String> args) {
        return on(clusters, new Signals(), args);
    }

    /** Runs a command that receives the given signals. */
    static Outcome on(BiFunction<Job, ClusterSettings, Cluster> clusters, Signals signals, List<String> args) {
        return on(clusters, signals, InstantSource.system(), args);
    }

    /** Runs a command with the test's clock. */
    static Outcome on(
            BiFunction<Job, ClusterSettings, Cluster> clusters,
            Signals signals,
            InstantSource clock,
            List<String> args) {
        StringWriter out = new StringWriter();
        return run(context(clusters, new PrintWriter(out), signals, clock), out, args);
    }

    /** A command on clusters of the test's own that may prepare tables. */
    static Outcome on(
            BiFunction<Job, ClusterSettings, Cluster> clusters,
            TablePreparation tables,
            Signals signals,
            List<String> args) {
        StringWriter out = new StringWriter();
        return run(
                new CommandContext(
                        (name, master) -> new Running(clusters, tables),
                        new PrintWriter(out),
                        InstantSource.system(),
                        false,
                        signals),
                out,
                args);
    }

    /** A command on a session that runs already. */
    static Outcome onSpark(SparkSession session, List<String> args) {
        JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        StringWriter out = new StringWriter();
        return run(
                new CommandContext(
                        ClusterProvider.attached(run -> SparkApplication.attach(spark, run)),
                        new PrintWriter(out),
                        InstantSource.system(),
                        false,
                        new Signals()),
                out,
                args);
    }

    private static Outcome run(CommandContext context, StringWriter out, List<String> args) {
        StringWriter err = new StringWriter();
        PrintWriter errors = new PrintWriter(err);
        int code = Kindling.run(args.toArray(String[]::new), context, errors);
        errors.flush();
        context.out().flush();
        return new Outcome(code, out.toString(), err.toString());
    }

    static CommandContext context(BiFunction<Job, ClusterSettings, Cluster> clusters, PrintWriter out) {
        return context(clusters, out, new Signals());
    }

    static CommandContext context(
            BiFunction<Job, ClusterSettings, Cluster> clusters, PrintWriter out, Signals signals) {
        return context(clusters, out, signals, InstantSource.system());
    }

    static CommandContext context(
            BiFunction<Job, ClusterSettings, Cluster> clusters, PrintWriter out, Signals signals, InstantSource clock) {
        return new CommandContext((name, master) -> new Running(clusters, NO_TABLES), out, clock, false, signals);
    }

    private record Running(BiFunction<Job, ClusterSettings, Cluster> clusters, TablePreparation tables)
            implements ClusterProvider.Session {
        @Override
        public Cluster cluster(Job job, ClusterSettings settings) {
            return clusters.apply(job, settings);
        }

        @Override
        public void close() {}
    }
}
