package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterSettings;
import dev.kindling.driver.cluster.ParameterAveragingJob;
import dev.kindling.driver.cluster.spark.metrics.MetricsPlugin;
import dev.kindling.driver.cluster.spark.metrics.RoundGauges;
import dev.kindling.driver.error.ClusterException;
import dev.kindling.job.executor.ExecutorLogContext;
import dev.kindling.job.protocol.Job;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.SparkSession;
import scala.Option;

/**
 * The run's Spark context, which is created, closed and used in this package only. Settings of {@code spark-submit} and
 * {@code -Dspark.*} take precedence; others are set here.
 */
public final class SparkApplication implements AutoCloseable {
    /** One of the packages that must be open to Spark. */
    private static final String OPENED_PACKAGE = "sun.nio.ch";

    /** Masters with which rounds run in the driver's JVM. */
    static final String LOCAL = "local(\\[.*])?";

    static final String VECTOR_MODULE = "--add-modules=jdk.incubator.vector";
    static final String DEFAULT_JAVA_OPTIONS = "spark.executor.defaultJavaOptions";
    static final String PLUGINS = "spark.plugins";
    private static final String NAME = "spark.app.name";
    /** Application id and jar of what was sent to executors. */
    private static final Set<String> SENT = ConcurrentHashMap.newKeySet();

    private static final String LOOPBACK = "127.0.0.1";

    /** Makes CUDA number GPUs as Spark's discovery scripts do. */
    private static final String CUDA_ORDER = "spark.executorEnv.CUDA_DEVICE_ORDER";

    private final JavaSparkContext context;
    private final ExecutorResourceProfile profile;
    private final Optional<LocalClusterFolder> work;
    private final Ownership ownership;
    private final Optional<SparkSession> session;
    private boolean executorsHaveLibraries;

    /** Whether closing this application stops Spark. */
    private enum Ownership {
        STARTED_HERE,
        ATTACHED
    }

    private SparkApplication(JavaSparkContext context, Ownership ownership, Optional<SparkSession> session) {
        this.context = context;
        this.ownership = ownership;
        this.session = session;
        this.profile = ExecutorResourceProfile.of(context.getConf());
        this.work = ownership == Ownership.STARTED_HERE
                ? LocalClusterFolder.of(context.master(), context.sc().applicationId(), System.getenv())
                : Optional.empty();
    }

    /**
     * Uses a Spark context that runs already, such as a notebook's; closing this application does not stop it. The calling
     * thread's Spark jobs belong to the run until then. Executors in other processes fetch Kindling's jar if the context does
     * not list it.
     *
     * @param run the name of what runs
     */
    public static SparkApplication attach(JavaSparkContext context, String run) {
        return attach(context, Optional.empty(), run, DriverClasspath.applicationJar());
    }

    /** As {@link #attach(JavaSparkContext, String)}; tables are read in the given session, with its settings and views. */
    public static SparkApplication attach(SparkSession session, String run) {
        return attach(
                JavaSparkContext.fromSparkContext(session.sparkContext()),
                Optional.of(session),
                run,
                DriverClasspath.applicationJar());
    }

    /** Makes executors fetch Kindling's jar if the context does not list it and they are other processes. */
    public static void provideClasses(JavaSparkContext context) {
        provideClasses(context, DriverClasspath.applicationJar());
    }

    private static void provideClasses(JavaSparkContext context, URI jar) {
        SparkVersion.requireSupported();
        if (!context.isLocal()) {
            sendJar(context, jar);
        }
    }

    static SparkApplication attach(JavaSparkContext context, String run, URI jar) {
        return attach(context, Optional.empty(), run, jar);
    }

    private static SparkApplication attach(
            JavaSparkContext context, Optional<SparkSession> session, String run, URI jar) {
        provideClasses(context, jar);
        SparkApplication application = new SparkApplication(context, Ownership.ATTACHED, session);
        application.nameJobs(run);
        return application;
    }

    /** Makes executors fetch the jar, once for each context, unless {@code spark.jars} names it. Class folders cannot be sent. */
    private static void sendJar(JavaSparkContext context, URI jar) {
        String name = JarDirectory.last(String.valueOf(jar.getPath()));
        boolean named = context.jars().stream().anyMatch(each -> name.equals(JarDirectory.last(each)));
        if (name.endsWith(".jar") && !named && SENT.add(context.sc().applicationId() + " " + jar)) {
            context.addJar(jar.toString());
        }
    }

    private void nameJobs(String run) {
        context.setJobGroup(run, run);
        context.setLocalProperty(ExecutorLogContext.RUN_PROPERTY, run);
    }

    /**
     * Starts Spark. The calling thread's Spark jobs belong to the run from then on: it is their job group in Spark's pages, and
     * {@code run} in the executors' logs.
     *
     * @param run name of the run; also of the application, unless the user has set {@code spark.app.name}
     * @param master Spark's master; empty for that of {@code spark-submit}, or {@code local[*]}
     * @throws ClusterException if Spark does not start
     */
    public static SparkApplication start(String run, Optional<String> master) {
        SparkConf configuration = configuration(new SparkConf(), "kindling " + run, master);
        SparkApplication application = start(configuration.set(MetricsPlugin.RUN, run));
        application.nameJobs(run);
        return application;
    }

    /** Whether rounds run in this JVM with that master, as {@link #start} interprets it. */
    public static boolean runsHere(Optional<String> master) {
        return configuration(new SparkConf(), "", master).get("spark.master").matches(LOCAL);
    }

    /**
     * Checks, before Spark starts, that the requested GPUs match the backend and can be provided by Spark, and that the package
     * contains the libraries that executors need.
     *
     * @throws IllegalArgumentException with a single-line message that names the setting to change
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
        boolean isLocal = runsOn.matches(LOCAL);
        GpuRequest gpus = GpuRequest.of(configuration);
        if (isLocal) {
            gpus.refuseIn(runsOn);
        }
        ExecutorResourceProfile.requireSatisfiable(configuration, isLocal);
        GpuRequest.refuseForOtherExecutors(configuration);
        gpus.refuseFor(backend);
        if (!isLocal && backend.equals(ExecutorClasspath.BACKEND)) {
            gpus.refuseOn(libraries.get().kind());
        }
    }

    /** The protection of network connections under the settings that Spark will start with. */
    public static NetworkSecurity security(Optional<String> master) {
        return NetworkSecurity.of(configuration(new SparkConf(), "", master), NetworkSecurity.commandLine());
    }

    /** Whether this JVM is YARN's application master, which ends by itself and takes {@code System.exit} for a failure. */
    public static boolean takesExitForFailure() {
        SparkConf configuration = new SparkConf();
        return configuration.get("spark.master", "").equals("yarn")
                && configuration.get("spark.submit.deployMode", "").equals("cluster");
    }

    /** The Hadoop configuration of the Spark that runs in this JVM; before it has started, the one that it will use. */
    public static Configuration hadoop() {
        if (SparkEnv.get() != null) {
            Option<SparkSession> running = SparkSession.getDefaultSession();
            if (running.isDefined() && !running.get().sparkContext().isStopped()) {
                return new Configuration(running.get().sparkContext().hadoopConfiguration());
            }
        }
        return hadoop(new SparkConf());
    }

    static Configuration hadoop(SparkConf configuration) {
        return SparkHadoopUtil.get().newConfiguration(configuration);
    }

    /** URIs of the files that {@code spark-submit --files} or {@code spark.files} distributes. */
    public static List<String> submittedFiles() {
        SparkConf configuration = new SparkConf();
        return Stream.of("spark.files", "spark.yarn.dist.files")
                .flatMap(key -> Arrays.stream(configuration.get(key, "").split(",")))
                .filter(uri -> !uri.isBlank())
                .toList();
    }

    static SparkApplication start(SparkConf configuration) {
        SparkVersion.requireSupported();
        if (!Object.class.getModule().isOpen(OPENED_PACKAGE, SparkApplication.class.getModule())) {
            throw new ClusterException(
                    "Spark does not start: this JVM lacks the --add-opens options that Spark needs on "
                            + "Java 17, such as java.base/" + OPENED_PACKAGE
                            + "; spark.driver.extraJavaOptions must hold them (a driver "
                            + "in the cluster mode of a standalone cluster; docs/clusters.md has the list)");
        }
        try {
            return new SparkApplication(new JavaSparkContext(configuration), Ownership.STARTED_HERE, Optional.empty());
        } catch (Exception e) {
            // Spark throws checked exceptions undeclared.
            throw new ClusterException(
                    "Spark does not start on master " + configuration.get("spark.master") + ": " + SparkErrors.first(e),
                    e);
        }
    }

    static SparkConf configuration(SparkConf given, String name, Optional<String> master) {
        RenamedSettings.refuse(given);
        SparkConf configuration = given.clone();
        master.ifPresent(configuration::setMaster);
        configuration.setIfMissing("spark.master", "local[*]");
        if (isUnnamed(configuration)) {
            configuration.setAppName(name);
        }
        configuration.setIfMissing("spark.ui.showConsoleProgress", "false");
        if (configuration.get("spark.master").matches(LOCAL)) {
            configuration.setIfMissing("spark.ui.enabled", "false");
            // No connection from outside is needed; without this setting the port would be open to all.
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

    /** Whether the application has no name of the user's: spark-submit then names it after its main class. */
    private static boolean isUnnamed(SparkConf configuration) {
        return configuration.get(NAME, "dev.kindling.").startsWith("dev.kindling.");
    }

    /** Adds the plugin to the user's own. */
    private static String withMetrics(String plugins) {
        String plugin = MetricsPlugin.class.getName();
        if (Arrays.stream(plugins.split(",")).map(String::strip).anyMatch(plugin::equals)) {
            return plugins;
        }
        return plugins.isBlank() ? plugin : plugins + "," + plugin;
    }

    /** Adds the module that {@code backend.name = vector} needs to the user's own options. */
    private static String withVectorModule(String options) {
        return options.contains(VECTOR_MODULE) ? options : (options + " " + VECTOR_MODULE).strip();
    }

    JavaSparkContext context() {
        return context;
    }

    /** The session of Spark SQL: the attached one, or the one that runs already, with its temporary views, or a new one. */
    public SparkSession session() {
        return session.orElseGet(() -> SparkSession.builder().getOrCreate());
    }

    /** The gauges that publish the run's progress in Spark's metrics. */
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
     * A cluster whose training rounds are run by Deeplearning4j's parameter averaging.
     *
     * @param rounds a cluster of this application with {@code cluster.mode = jobs} for all other rounds; closed with it
     */
    public Cluster averaging(Cluster rounds, ParameterAveragingJob averaged) {
        if (!context.isLocal()) {
            // Deeplearning4j's Spark jobs contain its own classes.
            ExecutorClasspath.ofDeeplearning4j(
                            context.getConf(), context.hadoopConfiguration(), DriverClasspath.applicationJar())
                    .addTo(context);
        }
        return new ParameterAveragingCluster(context, rounds, averaged);
    }

    /** Adds the jars once; each executor then fetches them once. */
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
