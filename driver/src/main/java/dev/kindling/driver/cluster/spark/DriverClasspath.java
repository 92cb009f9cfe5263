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
 * The folder {@code driver-libs} of Kindling's package: ND4J, which the driver always needs. Where Spark's submit class has
 * loaded the application jar, the folder's jars join it here, so that neither the user has to name them nor an executor
 * gets them; an executor that needs them gets them from {@link ExecutorClasspath}.
 */
public final class DriverClasspath {
    /** Where it is. */
    static final JarDirectory FOLDER = new JarDirectory("driver-libs", "spark.kindling.driver-libs");

    private static final String WANTED = "org/nd4j/linalg/factory/Nd4j.class";

    private DriverClasspath() {}

    /**
     * Adds the folder's jars to the class loader of the application; nothing happens where they are on the class path.
     *
     * @throws IllegalArgumentException if they cannot be found
     */
    public static void attach() {
        if (DriverClasspath.class.getClassLoader() instanceof MutableURLClassLoader loader
                && loader.getResource(WANTED) == null) {
            SparkConf configuration = new SparkConf();
            urls(configuration, SparkApplication.hadoop(configuration), applicationJar())
                    .forEach(loader::addURL);
        }
    }

    /** The jar that this class came from. */
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

    static List<URL> urls(SparkConf configuration, Configuration hadoop, URI jar) {
        List<Path> jars = FOLDER.jars(configuration, hadoop, jar);
        if (jars.isEmpty()) {
            throw new IllegalArgumentException("the folder " + FOLDER.name() + " of Kindling's package is not beside "
                    + JarDirectory.last(jar.getPath()) + "; " + FOLDER.setting() + " must say where it is");
        }
        try {
            return here(jars, hadoop);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "the folder " + jars.get(0).getParent() + " of Kindling's package cannot be fetched: "
                            + SparkErrors.first(e) + "; " + FOLDER.setting() + " may name another",
                    e);
        }
    }

    /** Where jars are on this machine, fetched if they are not. */
    private static List<URL> here(List<Path> jars, Configuration hadoop) throws IOException {
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
        // Raw, or checksums would lie beside.
        files.copyToLocalFile(false, jar, new Path(local.toURI()), true);
        return local.toURI().toURL();
    }
}
