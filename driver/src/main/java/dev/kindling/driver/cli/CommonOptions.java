package dev.kindling.driver.cli;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.checkpoint.StoredModel;
import dev.kindling.driver.cluster.spark.SparkApplication;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.config.JobFileResolver;
import dev.kindling.driver.run.HadoopSettings;
import dev.kindling.driver.run.StoredConfiguration;
import dev.kindling.job.tensor.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that all commands share. */
final class CommonOptions {
    private static final Pattern MASTER = Pattern.compile(
            "local(\\[([1-9]\\d*|\\*)(\\s*,\\s*\\d+)?])?|local-cluster\\[\\s*\\d+\\s*,\\s*\\d+\\s*,\\s*\\d+\\s*]"
                    + "|spark://.+:\\d+|yarn|k8s://.+");

    @Option(
            names = "--conf",
            paramLabel = "FILE",
            description =
                    "The job: a HOCON file that overrides reference.conf, local or on any Hadoop file system, or a ready job's "
                            + "name.")
    private @Nullable String conf;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Overrides one key; repeatable. The value is text unless it parses as a number, a "
                    + "boolean, a list or an object.")
    private List<String> set = new ArrayList<>();

    @Option(
            names = "--master",
            paramLabel = "URL",
            description = "Spark's master URL; default local[*], or that of spark-submit.")
    private @Nullable String master;

    @Option(names = "--out", paramLabel = "DIR", description = "The run directory, on any Hadoop file system.")
    private @Nullable String out;

    /** Declared for picocli; {@link Kindling#debugs} reads the option, since errors may occur before parsing. */
    @SuppressWarnings("unused")
    @Option(names = "--debug", description = "Prints the stack trace of an error.")
    private boolean debug;

    /** Read by picocli only. */
    @SuppressWarnings("unused")
    @Option(names = "--help", usageHelp = true, description = "Prints this page.")
    private boolean help;

    Optional<String> conf() {
        return Optional.ofNullable(conf);
    }

    /** The value of {@code --conf}; IllegalArgumentException if it is missing. */
    String requiredConf() {
        return conf().orElseThrow(
                        () -> new IllegalArgumentException("--conf is missing; it must be the HOCON file of a job"));
    }

    /** Loads a job's configuration from its file and applies {@code --set}. */
    JobConfig configuration(String name) {
        return JobConfig.load(name, jobFiles(), set());
    }

    /** The configuration for a command on an existing run: the run's own with {@code --set}, or {@code --conf}. */
    JobConfig configuration(RunDirectory directory) {
        return conf().map(name -> StoredConfiguration.requested(configuration(name), directory))
                .orElseGet(() -> StoredConfiguration.load(directory, set()));
    }

    /** Refuses {@code --conf} and {@code --set} that change the layout of θ, for a command on an existing run. */
    void refuseAnotherModel(String place, StoredModel model, Layout parameters) {
        boolean overridden = conf != null || !set.isEmpty();
        if (overridden && !model.theta().layout().equals(parameters)) {
            throw new IllegalArgumentException(
                    "--conf and --set ask for another model, with the parameters " + parameters + "; the run in "
                            + place + " has " + model.theta().layout());
        }
    }

    /** Returns a resolver of job file names. */
    JobFileResolver jobFiles() {
        return new JobFileResolver(HadoopSettings.load(), SparkApplication.submittedFiles());
    }

    /** The name of a job: its file's name without folder and {@code .conf}. */
    static String jobName(String conf) {
        return conf.substring(conf.lastIndexOf('/') + 1).replaceFirst("\\.conf$", "");
    }

    List<String> set() {
        return List.copyOf(set);
    }

    /** Spark's master URL, if given; IllegalArgumentException if it is not a valid one. */
    Optional<String> master() {
        if (master != null && !MASTER.matcher(master).matches()) {
            throw new IllegalArgumentException("--master is " + master + "; it must be local, local[N], local[*], "
                    + "local-cluster[executors,cores,MiB], spark://host:port, yarn or k8s://address");
        }
        return Optional.ofNullable(master);
    }

    Optional<String> out() {
        return Optional.ofNullable(out);
    }
}
