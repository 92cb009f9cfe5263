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
 * Runs HDFS with two data nodes and YARN with two node managers in this JVM, for tests, and writes the configuration of
 * their clients. Each node manager offers two GPUs that do not exist.
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
            // Short times, so that the cluster stops quickly.
            Map.entry("yarn.nodemanager.log.retain-seconds", "0"),
            Map.entry("yarn.nodemanager.process-kill-wait.ms", "200"),
            Map.entry("yarn.nodemanager.sleep-delay-before-sigkill.ms", "100"));

    private final MiniDFSCluster files;
    private final MiniYARNCluster yarn;

    /** Starts HDFS and YARN, which write all their files into a folder. */
    public MiniHadoop(Path folder) throws IOException {
        Configuration given = new Configuration();
        given.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.resolve("hdfs").toString());
        files = new MiniDFSCluster.Builder(given).numDataNodes(2).build();
        files.waitActive();
        YarnConfiguration settings = new YarnConfiguration(new Configuration());
        YARN.forEach(settings::set);
        settings.set("fs.defaultFS", files.getURI().toString());
        settings.set("yarn.nodemanager.log-dirs", folder.resolve("logs").toString());
        // MiniYARNCluster creates its folders in the folder that this property names.
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

    /** Writes the client configuration into a folder, to be named by {@code HADOOP_CONF_DIR}. */
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

    /**
     * Runs HDFS and YARN until the end of stdin.
     *
     * @param folders the folder for the files of both, and the folder for the client configuration
     */
    public static void main(String[] folders) {
        int code = 1;
        try (MiniHadoop hadoop = new MiniHadoop(Path.of(folders[0]))) {
            hadoop.writeConfiguration(Path.of(folders[1]));
            System.out.println("ready " + hadoop.hdfs());
            // The operating system closes the pipe when the parent process ends, even by SIGKILL.
            System.in.readAllBytes();
            code = 0;
        } catch (IOException | RuntimeException | Error e) {
            System.err.println("no Hadoop: " + e);
        }
        // Threads of Hadoop may still be running, so a normal return would not end the JVM.
        Runtime.getRuntime().halt(code);
    }
}
