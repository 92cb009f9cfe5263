package dev.kindling.clusters;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;

/**
 * For tests: HDFS with two data nodes and YARN with two node managers in this JVM, and their client's configuration. Each
 * node counts two GPUs that are not there.
 */
public final class MiniHadoop implements AutoCloseable {
    private static final String RESOURCES = "yarn.resource-types";
    private static final Map<String, String> YARN = Map.ofEntries(
            Map.entry("yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage", "100.0"),
            Map.entry("yarn.nodemanager.resource.memory-mb", "6144"),
            Map.entry("yarn.nodemanager.resource.cpu-vcores", "4"),
            Map.entry("yarn.nodemanager.vmem-check-enabled", "false"),
            Map.entry("yarn.nodemanager.pmem-check-enabled", "false"),
            Map.entry("yarn.application.classpath", ""),
            Map.entry("yarn.nodemanager.env-whitelist", "JAVA_HOME,SPARK_LOCAL_IP,SPARK_LOCAL_HOSTNAME"),
            Map.entry("yarn.scheduler.capacity.root.queues", "default"),
            Map.entry("yarn.scheduler.capacity.root.default.capacity", "100"),
            Map.entry("yarn.scheduler.capacity.maximum-am-resource-percent", "0.8"),
            Map.entry(
                    "yarn.scheduler.capacity.resource-calculator",
                    "org.apache.hadoop.yarn.util.resource.DominantResourceCalculator"),
            Map.entry(RESOURCES, "yarn.io/gpu"),
            Map.entry("yarn.nodemanager.resource-type.yarn.io/gpu", "2"),
            // A quick end.
            Map.entry("yarn.nodemanager.log.retain-seconds", "0"),
            Map.entry("yarn.nodemanager.process-kill-wait.ms", "200"),
            Map.entry("yarn.nodemanager.sleep-delay-before-sigkill.ms", "100"));

    private final MiniDFSCluster files;
    private final MiniYARNCluster yarn;

    /** Starts both, with all they write in a folder. */
    public MiniHadoop(Path folder) throws IOException {
        Configuration given = new Configuration();
        given.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.resolve("hdfs").toString());
        files = new MiniDFSCluster.Builder(given).numDataNodes(2).build();
        files.waitActive();
        YarnConfiguration settings = new YarnConfiguration(new Configuration());
        YARN.forEach(settings::set);
        settings.set("fs.defaultFS", files.getURI().toString());
        settings.set("yarn.nodemanager.log-dirs", folder.resolve("logs").toString());
        // MiniYARNCluster puts its folders where this property says.
        System.setProperty("test.build.data", folder.resolve("yarn").toString());
        yarn = new MiniYARNCluster("kindling", 2, 1, 1);
        yarn.init(settings);
        yarn.start();
    }

    /** The address of HDFS, such as {@code hdfs://localhost:1234}. */
    public String hdfs() {
        return files.getURI().toString();
    }

    MiniDFSCluster files() {
        return files;
    }

    /** Writes what clients need into a folder that {@code HADOOP_CONF_DIR} can name. */
    public void writeConfiguration(Path folder) throws IOException {
        Files.createDirectories(folder);
        Configuration client = new Configuration(false);
        client.set("fs.defaultFS", hdfs());
        write(client, folder.resolve("core-site.xml"));
        Configuration resources = new Configuration(false);
        for (String key : new String[] {
            "yarn.resourcemanager.address",
            "yarn.resourcemanager.scheduler.address",
            "yarn.resourcemanager.hostname",
            "yarn.application.classpath"
        }) {
            resources.set(key, yarn.getConfig().get(key, ""));
        }
        write(resources, folder.resolve("yarn-site.xml"));
        Configuration types = new Configuration(false);
        types.set(RESOURCES, yarn.getConfig().get(RESOURCES));
        write(types, folder.resolve("resource-types.xml"));
    }

    private static void write(Configuration configuration, Path file) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            configuration.writeXml(out);
        }
    }

    @Override
    public void close() {
        yarn.stop();
        files.shutdown();
    }

    /** Runs both until stdin ends: with all they write in one folder, and the client's configuration in another. */
    public static void main(String[] folders) {
        int code = 1;
        try (MiniHadoop hadoop = new MiniHadoop(Path.of(folders[0]))) {
            hadoop.writeConfiguration(Path.of(folders[1]));
            System.out.println("ready " + hadoop.hdfs());
            // Whoever started this closes the pipe at its end, also when it is killed.
            System.in.readAllBytes();
            code = 0;
        } catch (IOException | RuntimeException | Error e) {
            System.err.println("no Hadoop: " + e);
        }
        // Threads of Hadoop may outlive it.
        Runtime.getRuntime().halt(code);
    }
}
