package dev.kindling.driver.cluster.spark;

import java.net.URI;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The jars that executors need to compute with ND4J: those of the folder {@code executor-libs}, which is in packages built for
 * GPUs, or else those of {@code driver-libs}, which is ND4J for the processor. Never both: of two backends on one class path
 * ND4J selects the one for GPUs, and fails on machines without a GPU.
 *
 * @param jars URIs as Spark takes them; empty if executors have ND4J on a class path of their own
 * @param kind of device that this ND4J computes on
 */
record ExecutorClasspath(List<String> jars, Kind kind) {
    /** The kind of device that an ND4J computes on. */
    enum Kind {
        PROCESSOR,
        GPU,
        /** Known only on executors. */
        UNKNOWN
    }

    /** The value of {@code backend.name} that needs the jars. */
    static final String BACKEND = "nd4j";
    /** Locates the folder. */
    static final JarDirectory FOLDER = new JarDirectory("executor-libs", "spark.kindling.executor.libs");
    /** The value of the setting if executors have ND4J on a class path of their own. */
    static final String INSTALLED = "installed";

    private static final String EVERYWHERE = "local:";
    private static final String FOR_GPUS = "nd4j-cuda-";
    private static final String FOR_PROCESSORS = "nd4j-native-";

    /**
     * The jars of this package.
     *
     * @param jar the application jar
     * @throws IllegalArgumentException if there are none
     */
    static ExecutorClasspath of(SparkConf configuration, Configuration hadoop, URI jar) {
        if (INSTALLED.equals(configuration.get(FOLDER.setting(), ""))) {
            return new ExecutorClasspath(List.of(), Kind.UNKNOWN);
        }
        List<Path> executorJars = FOLDER.jars(configuration, hadoop, jar);
        JarDirectory folder = executorJars.isEmpty() ? DriverClasspath.FOLDER : FOLDER;
        List<Path> jars = executorJars.isEmpty() ? folder.jars(configuration, hadoop, jar) : executorJars;
        if (jars.isEmpty()) {
            throw new IllegalArgumentException("backend.name is nd4j, but neither the folder " + FOLDER.name() + " nor "
                    + folder.name() + " of Kindling's package is next to " + JarDirectory.last(jar.getPath()) + "; "
                    + FOLDER.setting() + " must be its path, or " + INSTALLED
                    + " where ND4J is on the executors' own class path");
        }
        boolean everywhere = configuration.get(folder.setting(), "").startsWith(EVERYWHERE);
        return new ExecutorClasspath(
                jars.stream()
                        .map(each -> everywhere ? onEveryMachine(each) : each.toString())
                        .toList(),
                kind(jars));
    }

    /**
     * The jars of the driver's folder, Deeplearning4j among them, for executors that train its networks.
     *
     * @param jar the application jar
     * @throws IllegalArgumentException if there are none
     */
    static ExecutorClasspath ofDeeplearning4j(SparkConf configuration, Configuration hadoop, URI jar) {
        List<Path> jars = DriverClasspath.FOLDER.jars(configuration, hadoop, jar);
        if (jars.isEmpty()) {
            throw new IllegalArgumentException("transfer.engine is dl4j-spark, but the folder "
                    + DriverClasspath.FOLDER.name() + " of Kindling's package is not next to "
                    + JarDirectory.last(jar.getPath()) + "; " + DriverClasspath.FOLDER.setting()
                    + " must be its path");
        }
        return new ExecutorClasspath(jars.stream().map(Path::toString).toList(), Kind.PROCESSOR);
    }

    private static String onEveryMachine(Path jar) {
        return EVERYWHERE + jar.toUri().getPath();
    }

    private static Kind kind(List<Path> jars) {
        if (jars.stream().anyMatch(jar -> jar.getName().startsWith(FOR_GPUS))) {
            return Kind.GPU;
        }
        return jars.stream().anyMatch(jar -> jar.getName().startsWith(FOR_PROCESSORS)) ? Kind.PROCESSOR : Kind.UNKNOWN;
    }

    /** Makes executors fetch the jars before their next Spark task. */
    void addTo(JavaSparkContext context) {
        jars.forEach(context::addJar);
    }
}
