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
 * Locates a folder of jars in Kindling's package: at the path of its setting; otherwise next to the application jar, in the
 * working directory (where YARN unpacks archives), and next to the jar's place of submission.
 *
 * @param name of the folder
 * @param setting Spark setting with the folder's path, or a URI of any Hadoop file system
 */
record JarDirectory(String name, String setting) {
    private static final String SUBMITTED_JARS = "spark.jars";
    private static final String LOCAL_SCHEME = "local";

    /**
     * The folder's jars; empty if it is not found.
     *
     * @param jar the application jar
     * @throws IllegalArgumentException if the setting is not the path of a folder with jars
     */
    List<Path> jars(SparkConf configuration, Configuration hadoop, URI jar) {
        if (configuration.contains(setting)) {
            return configured(configuration.get(setting), hadoop);
        }
        for (String place : places(configuration, jar)) {
            List<Path> found = listIfPossible(place, hadoop);
            if (!found.isEmpty()) {
                return found;
            }
        }
        return List.of();
    }

    /** As {@link #list}, but empty for a place that cannot be listed, such as one on an HTTP server. */
    private static List<Path> listIfPossible(String place, Configuration hadoop) {
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
                throw new IllegalArgumentException(refused + ", which contains jars");
            }
            return found;
        } catch (IOException e) {
            throw new IllegalArgumentException(refused + " (" + SparkErrors.first(e) + ")", e);
        }
    }

    private List<String> places(SparkConf configuration, URI jar) {
        List<String> places = new ArrayList<>();
        places.add(siblingOf(jar.toString()));
        places.add(new File(name).getAbsoluteFile().toURI().toString());
        Arrays.stream(configuration.get(SUBMITTED_JARS, "").split(","))
                .filter(submitted -> last(submitted).equals(last(jar.getPath())))
                .map(this::siblingOf)
                .forEach(places::add);
        return places;
    }

    private String siblingOf(String jar) {
        return jar.substring(0, jar.length() - last(jar).length()) + name;
    }

    static String last(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** The jars of a folder; empty if it does not exist. A {@code local:} path, which every machine has, is listed on this one. */
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
