package dev.kindling.driver.cluster.spark;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;

/**
 * A folder of jars in Kindling's package, beside the application jar. It is looked for where its setting says; else beside the
 * jar, in the working directory (where YARN unpacks archives) and beside the place the jar was submitted from.
 *
 * @param name of the folder
 * @param setting of Spark's that says where the folder is: a path, or a URI of any Hadoop file system
 */
record JarDirectory(String name, String setting) {
    private static final String SUBMITTED_JARS = "spark.jars";
    private static final String LOCAL_SCHEME = "local";

    /**
     * The folder's jars; empty if it is in none of the places.
     *
     * @param jar the application jar
     * @throws IllegalArgumentException if the setting names something else than a folder with jars
     */
    List<Path> jars(SparkConf configuration, Configuration hadoop, URI jar) {
        if (configuration.contains(setting)) {
            return configured(configuration.get(setting), hadoop);
        }
        for (String place : places(configuration, jar)) {
            List<Path> found = guessed(place, hadoop);
            if (!found.isEmpty()) {
                return found;
            }
        }
        return List.of();
    }

    /** A guess at a place that cannot be listed, such as one on an HTTP server, is no place. */
    private static List<Path> guessed(String place, Configuration hadoop) {
        try {
            return list(place, hadoop);
        } catch (IOException | RuntimeException e) {
            return List.of();
        }
    }

    private List<Path> configured(String place, Configuration hadoop) {
        String refused = setting + " is " + place + "; it must be the folder " + name + " of Kindling's package";
        try {
            List<Path> found = list(place, hadoop);
            if (found.isEmpty()) {
                throw new IllegalArgumentException(refused + ", which has jars in it");
            }
            return found;
        } catch (IOException e) {
            throw new IllegalArgumentException(refused + " (" + SparkErrors.first(e) + ")", e);
        }
    }

    private List<String> places(SparkConf configuration, URI jar) {
        List<String> places = new ArrayList<>();
        places.add(beside(jar.toString()));
        places.add(new File(name).getAbsoluteFile().toURI().toString());
        Arrays.stream(configuration.get(SUBMITTED_JARS, "").split(","))
                .filter(submitted -> last(submitted).equals(last(jar.getPath())))
                .map(this::beside)
                .forEach(places::add);
        return places;
    }

    private String beside(String jar) {
        return jar.substring(0, jar.length() - last(jar).length()) + name;
    }

    static String last(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** The jars of a folder; none if it is not there. What every machine has, {@code local:}, is listed on this one. */
    private static List<Path> list(String place, Configuration hadoop) throws IOException {
        Path folder = new Path(place);
        if (LOCAL_SCHEME.equals(folder.toUri().getScheme())) {
            folder = new Path("file", null, folder.toUri().getPath());
        }
        if (folder.toUri().getScheme() == null) {
            folder = new Path(new File(place).getAbsoluteFile().toURI());
        }
        if (!folder.getFileSystem(hadoop).exists(folder)) {
            return List.of();
        }
        return Arrays.stream(folder.getFileSystem(hadoop).listStatus(folder))
                .map(FileStatus::getPath)
                .filter(jar -> jar.getName().endsWith(".jar"))
                .toList();
    }
}
