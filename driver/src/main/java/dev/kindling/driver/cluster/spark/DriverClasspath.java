package dev.kindling.driver.cluster.spark;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.util.MutableURLClassLoader;

/**
 * Adds the folder {@code driver-libs} of Kindling's package, which contains ND4J and Deeplearning4j, to the driver's class path
 * where it is present; only {@code backend.name = nd4j} and Deeplearning4j's files and engine need it. If Spark's submit class
 * has loaded the application jar, the jars are added to its class loader, so that the user need not name them and executors
 * do not load them; executors that need ND4J get it from {@link ExecutorClasspath}.
 */
public final class DriverClasspath {
    /** Locates the folder. */
    static final JarDirectory FOLDER = new JarDirectory("driver-libs", "spark.kindling.driver.libs");

    private static final String ND4J_CLASS = "org/nd4j/linalg/factory/Nd4j.class";

    private DriverClasspath() {}

    /**
     * Adds the folder's jars to the class loader of the application unless ND4J is on the class path already.
     *
     * @throws IllegalArgumentException if the setting names a folder without jars, or the jars cannot be fetched
     */
    public static void attach() {
        if (DriverClasspath.class.getClassLoader() instanceof MutableURLClassLoader loader
                && loader.getResource(ND4J_CLASS) == null) {
            SparkConf configuration = new SparkConf();
            RenamedSettings.refuse(configuration);
            urls(configuration, SparkApplication.hadoop(configuration), applicationJar())
                    .forEach(loader::addURL);
        }
    }

    /** The jar that this class was loaded from. */
    static URI applicationJar() {
        try {
            return DriverClasspath.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI();
        } catch (URISyntaxException e) {
            throw new IllegalStateException("a class path without URIs", e);
        }
    }

    /** The URLs of the folder's jars; empty if there is no such folder. */
    static List<URL> urls(SparkConf configuration, Configuration hadoop, URI jar) {
        List<Path> jars = FOLDER.jars(configuration, hadoop, jar);
        try {
            return local(jars, hadoop);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "the folder " + jars.get(0).getParent() + " of Kindling's package cannot be fetched: "
                            + SparkErrors.first(e) + "; " + FOLDER.setting() + " may name another",
                    e);
        }
    }

    /** The jars as files of this machine; others are copied to it. */
    private static List<URL> local(List<Path> jars, Configuration hadoop) throws IOException {
        List<URL> urls = new ArrayList<>();
        File fetched = null;
        for (Path jar : jars) {
            FileSystem files = jar.getFileSystem(hadoop);
            if ("file".equals(files.getUri().getScheme())) {
                urls.add(jar.toUri().toURL());
            } else {
                fetched = fetched == null ? temporary() : fetched;
                urls.add(fetch(files, jar, fetched));
            }
        }
        return urls;
    }

    private static File temporary() throws IOException {
        File folder = Files.createTempDirectory("kindling-" + FOLDER.name()).toFile();
        folder.deleteOnExit();
        return folder;
    }

    private static URL fetch(FileSystem files, Path jar, File folder) throws IOException {
        File local = new File(folder, jar.getName());
        local.deleteOnExit();
        // On the raw file system, which writes no checksum files.
        files.copyToLocalFile(false, jar, new Path(local.toURI()), true);
        return local.toURI().toURL();
    }
}
