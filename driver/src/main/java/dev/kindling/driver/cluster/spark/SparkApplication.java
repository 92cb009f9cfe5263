package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.ParameterAveragingJob;
import dev.kindling.driver.cluster.spark.metrics.MetricsPlugin;
import dev.kindling.driver.cluster.spark.metrics.RoundGauges;
import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.executor.ExecutorLogContext;
import dev.kindling.job.protocol.Job;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.SparkHadoopUtil;

/**
 * The run's Spark context: made here, closed here, and seen by nobody outside this room. What {@code spark-submit} or
 * {@code -Dspark.*} says holds; what they leave open is filled in.
 */
public final class SparkApplication implements AutoCloseable {
    /** Of the packages that Spark needs opened, one without which nothing works. */
    private static final String NEEDED = "sun.nio.ch";

    /** Masters with which rounds do not leave the driver's JVM. */
    static final String LOCAL = "local(\\[.*])?";

    static final String VECTOR_MODULE = "--add-modules=jdk.incubator.vector";
    static final String DEFAULT_JAVA_OPTIONS = "spark.executor.defaultJavaOptions";
    static final String PLUGINS = "spark.plugins";
    private static final String NAME = "spark.app.name";
    private static final String LOOPBACK = "127.0.0.1";

    /** Makes CUDA count GPUs as Spark's discovery scripts do. */
    private static final String CUDA_ORDER = "spark.executorEnv.CUDA_DEVICE_ORDER";

    private final JavaSparkContext context;
    private final ExecutorResourceProfile profile;
    private final Optional<LocalClusterFolder> work;
    private final Ownership ownership;
    private boolean executorsHaveLibraries;

    /** Whether closing this application stops Spark. */
    private enum Ownership {
        STARTED_HERE,
        ATTACHED
    }

    private SparkApplication(JavaSparkContext context, Ownership ownership) {
        this.context = context;
        this.ownership = ownership;
        this.profile = ExecutorResourceProfile.of(context.getConf());
        this.work = ownership == Ownership.STARTED_HERE
                ? LocalClusterFolder.of(context.master(), context.sc().applicationId(), System.getenv())
                : Optional.empty();
    }

    /**
     * Uses a Spark context that runs already, such as a notebook's; closing this application does not stop it. The calling
     * thread's Spark jobs belong to the run until then.
     *
     * @param run the name of what runs
     */
    public static SparkApplication attach(JavaSparkContext context, String run) {
        SparkApplication application = new SparkApplication(context, Ownership.ATTACHED);
        application.nameJobs(run);
        return application;
    }

    private void nameJobs(String run) {
        context.setJobGroup(run, run);
        context.setLocalProperty(ExecutorLogContext.RUN_PROPERTY, run);
    }

    /**
     * Starts Spark. The calling thread's Spark jobs belong to the run from then on: in Spark's pages as their job group, in
     * the executors' logs as {@code run}.
     *
     * @param run the name of what runs; the application's too, unless the user gave it another
     * @param master where to run; empty for what {@code spark-submit} says, or else {@code local[*]}
     * @throws ClusterException if Spark does not start
     */
    public static SparkApplication start(String run, Optional<String> master) {
        SparkConf configuration = configuration(new SparkConf(), "kindling " + run, master);
        SparkApplication application = start(configuration.set(MetricsPlugin.RUN, run));
        application.nameJobs(run);
        return application;
    }

    /** Whether rounds run in this JVM with that master, as {@link #start} understands it. */
    public static boolean runsHere(Optional<String> master) {
        return configuration(new SparkConf(), "", master).get("spark.master").matches(LOCAL);
    }

    /**
     * Refuses, before Spark starts, what its settings ask of GPUs where the backend does not compute on them or Spark cannot
     * give them, and a package without what executors need.
     *
     * @throws IllegalArgumentException with one sentence that says what to change
     */
    public static void requireDevices(Optional<String> master, String backend) {
        SparkConf configuration = configuration(new SparkConf(), "", master);
        requireDevices(
                configuration,
                backend,
                () -> ExecutorClasspath.of(configuration, hadoop(configuration), DriverClasspath.applicationJar()));
    }

    static void requireDevices(SparkConf configuration, String backend, Supplier<ExecutorClasspath> libraries) {
        String runsOn = configuration.get("spark.master");
        boolean here = runsOn.matches(LOCAL);
        GpuRequest gpus = GpuRequest.of(configuration);
        if (here) {
            gpus.refuseIn(runsOn);
        }
        ExecutorResourceProfile.refuseUnfit(configuration, here);
        GpuRequest.refuseBesideRounds(configuration);
        gpus.refuseFor(backend);
        if (!here && backend.equals(ExecutorClasspath.BACKEND)) {
            gpus.refuseOn(libraries.get().kind());
        }
    }

    /** What the settings that Spark will start with protect of its connections. */
    public static NetworkSecurity security(Optional<String> master) {
        return NetworkSecurity.of(configuration(new SparkConf(), "", master), NetworkSecurity.commandLine());
    }

    /** Whether this JVM is YARN's application master: it ends by itself, and reports a JVM that exits as failed. */
    public static boolean takesExitForFailure() {
        SparkConf configuration = new SparkConf();
        return configuration.get("spark.master", "").equals("yarn")
                && configuration.get("spark.submit.deployMode", "").equals("cluster");
    }

    /** The Hadoop configuration that Spark will use, before it has started. */
    public static Configuration hadoop() {
        return hadoop(new SparkConf());
    }

    static Configuration hadoop(SparkConf configuration) {
        return SparkHadoopUtil.get().newConfiguration(configuration);
    }

    /** URIs of the files that {@code spark-submit --files} or {@code spark.files} sends along. */
    public static List<String> submittedFiles() {
        SparkConf configuration = new SparkConf();
        return Stream.of("spark.files", "spark.yarn.dist.files")
                .flatMap(key -> Arrays.stream(configuration.get(key, "").split(",")))
                .filter(uri -> !uri.isBlank())
                .toList();
    }

    static SparkApplication start(SparkConf configuration) {
        if (!Object.class.getModule().isOpen(NEEDED, SparkApplication.class.getModule())) {
            throw new ClusterException(
                    "Spark does not start: this JVM lacks the --add-opens options that Spark needs on "
                            + "Java 17, such as java.base/" + NEEDED
                            + "; spark.driver.extraJavaOptions must hold them (a driver "
                            + "in the cluster mode of a standalone cluster; docs/clusters.md has the list)");
        }
        try {
            return new SparkApplication(new JavaSparkContext(configuration), Ownership.STARTED_HERE);
        } catch (Exception e) {
            // SparkException is checked, and Scala declares nothing.
            throw new ClusterException(
                    "Spark does not start on master " + configuration.get("spark.master") + ": " + SparkErrors.first(e),
                    e);
        }
    }

    static SparkConf configuration(SparkConf given, String name, Optional<String> master) {
        SparkConf configuration = given.clone();
        master.ifPresent(configuration::setMaster);
        configuration.setIfMissing("spark.master", "local[*]");
        if (unnamed(configuration)) {
            configuration.setAppName(name);
        }
        configuration.setIfMissing("spark.ui.showConsoleProgress", "false");
        if (configuration.get("spark.master").matches(LOCAL)) {
            configuration.setIfMissing("spark.ui.enabled", "false");
            // Nobody connects from outside; without this, everybody could.
            configuration.setIfMissing("spark.driver.host", LOOPBACK);
        }
        NetworkSecurity.takeSecret(configuration, System.getenv());
        if (GpuRequest.of(configuration).isForGpus()) {
            configuration.setIfMissing(CUDA_ORDER, "PCI_BUS_ID");
        }
        configuration.set(DEFAULT_JAVA_OPTIONS, withVectorModule(configuration.get(DEFAULT_JAVA_OPTIONS, "")));
        configuration.set(PLUGINS, withMetrics(configuration.get(PLUGINS, "")));
        return configuration;
    }

    /** Spark's submission calls an application that nobody named by its main class. */
    private static boolean unnamed(SparkConf configuration) {
        return configuration.get(NAME, "dev.kindling.").startsWith("dev.kindling.");
    }

    /** The user's own plugins stay. */
    private static String withMetrics(String plugins) {
        String watch = MetricsPlugin.class.getName();
        if (Arrays.stream(plugins.split(",")).map(String::strip).anyMatch(watch::equals)) {
            return plugins;
        }
        return plugins.isBlank() ? watch : plugins + "," + watch;
    }

    /** Executors need the module for {@code backend.vector}; the user's own options stay. */
    private static String withVectorModule(String options) {
        return options.contains(VECTOR_MODULE) ? options : (options + " " + VECTOR_MODULE).strip();
    }

    JavaSparkContext context() {
        return context;
    }

    /** Where the run's rounds are shown to whoever watches from outside. */
    public RoundGauges gauges() {
        return MetricsPlugin.gauges();
    }

    /** Opens a cluster for a job; close it before this application. */
    public Cluster cluster(Job job, ClusterSettings settings) {
        if (job.backend().equals(ExecutorClasspath.BACKEND) && !context.isLocal()) {
            sendLibraries();
        }
        return switch (settings.mode()) {
            case PERSISTENT -> PersistentWorkerClusterFactory.open(context, job, settings, profile);
            case JOBS -> new SparkJobCluster(context, job, settings, profile);
        };
    }

    /**
     * A cluster whose rounds of training are averaged by Deeplearning4j.
     *
     * @param rounds of this application, with {@code cluster.mode = jobs}, for everything else; closed with it
     */
    public Cluster averaging(Cluster rounds, ParameterAveragingJob averaged) {
        if (!context.isLocal()) {
            // Deeplearning4j's own classes travel in its Spark jobs.
            ExecutorClasspath.ofDeeplearning4j(
                            context.getConf(), context.hadoopConfiguration(), DriverClasspath.applicationJar())
                    .addTo(context);
        }
        return new ParameterAveragingCluster(context, rounds, averaged);
    }

    /** What Spark is told once, executors fetch once. */
    private void sendLibraries() {
        if (!executorsHaveLibraries) {
            executorsHaveLibraries = true;
            SparkConf configuration = context.getConf();
            ExecutorClasspath.of(configuration, context.hadoopConfiguration(), DriverClasspath.applicationJar())
                    .addTo(context);
        }
    }

    @Override
    public void close() {
        if (ownership == Ownership.ATTACHED) {
            context.clearJobGroup();
            context.setLocalProperty(ExecutorLogContext.RUN_PROPERTY, null);
            return;
        }
        try {
            context.close();
        } finally {
            work.ifPresent(LocalClusterFolder::close);
        }
    }
}
