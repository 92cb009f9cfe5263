package dev.kindling.driver.cluster.spark;

import java.io.File;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.util.MutableURLClassLoader;

/**
 * The folder {@code driver-libs} of Kindling's package: ND4J, which only the driver needs. Where Spark's submit class has
 * loaded the application jar, the folder's jars join it here, so that neither the user has to name them nor an executor
 * gets them. It is looked for where {@code spark.kindling.driver-libs} says; else beside the jar, in the working directory
 * (where YARN unpacks archives) and beside the place the jar was submitted from.
 */
public final class DriverLibraries {
    /** The setting that says where the folder is: a path, or a URI of any Hadoop file system. */
    static final String PLACE = "spark.kindling.driver-libs";

    static final String FOLDER = "driver-libs";
    private static final String SUBMITTED_JARS = "spark.jars";
    private static final String WANTED = "org/nd4j/linalg/factory/Nd4j.class";
    private static final String LOCAL_SCHEME = "local";

    private DriverLibraries() {}

    /**
     * Adds the folder's jars to the class loader of the application; nothing happens where they are on the class path.
     *
     * @throws IllegalArgumentException if they cannot be found
     */
    public static void attach() {
        if (DriverLibraries.class.getClassLoader() instanceof MutableURLClassLoader loader
                && loader.getResource(WANTED) == null) {
            SparkConf configuration = new SparkConf();
            urls(configuration, SparkApplication.hadoop(configuration), applicationJar())
                    .forEach(loader::addURL);
        }
    }

    /** The jar that this class came from. */
    static URI applicationJar() {
        try {
            return DriverLibraries.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI();
        } catch (URISyntaxException e) {
            throw new IllegalStateException("a class path without URIs", e);
        }
    }

    static List<URL> urls(SparkConf configuration, Configuration hadoop, URI jar) {
        if (configuration.contains(PLACE)) {
            return configured(configuration.get(PLACE), hadoop);
        }
        for (String place : places(configuration, jar)) {
            List<URL> found = guessed(place, hadoop);
            if (!found.isEmpty()) {
                return found;
            }
        }
        throw new IllegalArgumentException("the folder " + FOLDER + " of Kindling's package is not beside "
                + name(jar.getPath()) + "; " + PLACE + " must say where it is");
    }

    /** A guess at a place that cannot be listed, such as one on an HTTP server, is no place. */
    private static List<URL> guessed(String place, Configuration hadoop) {
        try {
            return jars(place, hadoop);
        } catch (IOException | RuntimeException e) {
            return List.of();
        }
    }

    private static List<URL> configured(String place, Configuration hadoop) {
        String refused = PLACE + " is " + place + "; it must be the folder " + FOLDER + " of Kindling's package";
        try {
            List<URL> found = jars(place, hadoop);
            if (found.isEmpty()) {
                throw new IllegalArgumentException(refused + ", which has jars in it");
            }
            return found;
        } catch (IOException e) {
            throw new IllegalArgumentException(refused + " (" + Sentences.first(e) + ")", e);
        }
    }

    private static List<String> places(SparkConf configuration, URI jar) {
        List<String> places = new ArrayList<>();
        places.add(beside(jar.toString()));
        places.add(new File(FOLDER).getAbsoluteFile().toURI().toString());
        Arrays.stream(configuration.get(SUBMITTED_JARS, "").split(","))
                .filter(submitted -> name(submitted).equals(name(jar.getPath())))
                .map(DriverLibraries::beside)
                .forEach(places::add);
        return places;
    }

    private static String beside(String jar) {
        return jar.substring(0, jar.length() - name(jar).length()) + FOLDER;
    }

    private static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** The jars of a folder, fetched if they are not on this machine; none if it is not there. */
    private static List<URL> jars(String place, Configuration hadoop) throws IOException {
        Path folder = new Path(place);
        if (LOCAL_SCHEME.equals(folder.toUri().getScheme())) {
            // Spark's word for a file that every machine has.
            folder = new Path("file", null, folder.toUri().getPath());
        }
        if (folder.toUri().getScheme() == null) {
            folder = new Path(new File(place).getAbsoluteFile().toURI());
        }
        FileSystem files = folder.getFileSystem(hadoop);
        if (!files.exists(folder)) {
            return List.of();
        }
        List<URL> jars = new ArrayList<>();
        File fetched = null;
        for (FileStatus file : files.listStatus(folder)) {
            Path jar = file.getPath();
            if (!jar.getName().endsWith(".jar")) {
                continue;
            }
            if ("file".equals(files.getUri().getScheme())) {
                jars.add(jar.toUri().toURL());
            } else {
                fetched = fetched == null ? temporary() : fetched;
                jars.add(fetch(files, jar, fetched));
            }
        }
        return jars;
    }

    private static File temporary() throws IOException {
        File folder = Files.createTempDirectory("kindling-" + FOLDER).toFile();
        folder.deleteOnExit();
        return folder;
    }

    private static URL fetch(FileSystem files, Path jar, File folder) throws IOException, MalformedURLException {
        File local = new File(folder, jar.getName());
        local.deleteOnExit();
        // Raw, or checksums would lie beside.
        files.copyToLocalFile(false, jar, new Path(local.toURI()), true);
        return local.toURI().toURL();
    }
}
