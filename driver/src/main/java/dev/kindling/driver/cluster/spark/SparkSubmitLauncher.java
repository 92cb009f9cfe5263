package dev.kindling.driver.cluster.spark;

import dev.kindling.driver.error.ClusterException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.apache.spark.deploy.SparkSubmit;
import org.apache.spark.deploy.SparkSubmitArguments;
import org.apache.spark.launcher.JavaModuleOptions;
import org.jspecify.annotations.Nullable;
import scala.collection.JavaConverters;

/**
 * Submits the application by Spark's submit class, with single-line error messages. For a driver on the cluster
 * ({@code --deploy-mode cluster}) it adds what the driver needs: the job's file; on YARN the folder {@code driver-libs}, unless
 * {@code spark.kindling.driver.libs} is set; on a standalone cluster the options of Java 17.
 */
public final class SparkSubmitLauncher {
    private static final String JOB_FILE = "--conf";

    private SparkSubmitLauncher() {}

    /**
     * Passes a command line to Spark's submit class, which starts the application in this JVM or on the cluster.
     *
     * @param arguments of {@code spark-submit}
     * @throws ClusterException if Spark refuses it, or the application failed on the cluster
     */
    public static void submit(String... arguments) {
        boolean onCluster = false;
        try {
            SparkSubmitArguments parsed = SubmitArguments.parse(System.getenv(), arguments);
            onCluster = "cluster".equals(parsed.deployMode());
            SparkSubmit.main(onCluster ? complete(arguments, parsed, driverLibraries()) : arguments);
        } catch (Exception e) {
            // Spark throws checked exceptions undeclared.
            String verb = onCluster
                    ? "Spark could not run Kindling's driver on the cluster: "
                    : "Spark cannot submit Kindling: ";
            throw new ClusterException(verb + SparkErrors.first(e), e);
        }
    }

    private static Path driverLibraries() {
        return Path.of(DriverClasspath.applicationJar()).resolveSibling(DriverClasspath.FOLDER.name());
    }

    /** The arguments extended by what a driver on another machine needs. */
    static String[] complete(String[] arguments, SparkSubmitArguments parsed, Path libraries) {
        List<String> applicationArguments = new ArrayList<>(JavaConverters.seqAsJavaList(parsed.childArgs()));
        int jar = arguments.length - applicationArguments.size() - 1;
        List<String> complete = new ArrayList<>(Arrays.asList(arguments).subList(0, jar));
        if (parsed.master().startsWith("yarn")
                && !parsed.sparkProperties().contains(DriverClasspath.FOLDER.setting())
                && Files.isDirectory(libraries)) {
            String archive = zipped(libraries).toUri() + "#" + DriverClasspath.FOLDER.name();
            complete.addAll(List.of("--archives", joined(parsed.archives(), archive)));
        }
        if (parsed.master().startsWith("spark:")) {
            // Other cluster managers pass the options of Java 17 to the driver; a standalone worker does not.
            complete.addAll(List.of(
                    "--driver-java-options",
                    spaced(JavaModuleOptions.defaultModuleOptions(), parsed.driverExtraJavaOptions())));
        }
        Optional<Path> file = localJobFile(applicationArguments);
        file.ifPresent(path -> complete.addAll(
                List.of("--files", joined(parsed.files(), path.toUri().toString()))));
        complete.add(arguments[jar]);
        complete.addAll(applicationArguments);
        return complete.toArray(String[]::new);
    }

    private static String joined(@Nullable String list, String more) {
        return list == null || list.isBlank() ? more : list + "," + more;
    }

    private static String spaced(String options, @Nullable String more) {
        return more == null ? options : options + " " + more;
    }

    /** The job's file if it is on this machine; the arguments then name it as in the driver's working directory. */
    private static Optional<Path> localJobFile(List<String> applicationArguments) {
        for (int i = 0; i < applicationArguments.size(); i++) {
            boolean separate = applicationArguments.get(i).equals(JOB_FILE) && i + 1 < applicationArguments.size();
            boolean joined = applicationArguments.get(i).startsWith(JOB_FILE + "=");
            if (separate || joined) {
                int at = separate ? i + 1 : i;
                String prefix = separate ? "" : JOB_FILE + "=";
                Path file = Path.of(applicationArguments.get(at).substring(prefix.length()));
                if (Files.isRegularFile(file)) {
                    applicationArguments.set(at, prefix + file.getFileName());
                    return Optional.of(file.toAbsolutePath());
                }
            }
        }
        return Optional.empty();
    }

    /** A temporary archive of a folder's files. */
    private static Path zipped(Path folder) {
        try {
            Path archive = Files.createTempFile("kindling-" + DriverClasspath.FOLDER.name(), ".zip");
            archive.toFile().deleteOnExit();
            try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(archive));
                    ZipOutputStream zip = new ZipOutputStream(out);
                    Stream<Path> files = Files.list(folder)) {
                // Jars are compressed already.
                zip.setLevel(Deflater.NO_COMPRESSION);
                for (Path file : files.sorted().toList()) {
                    zip.putNextEntry(new ZipEntry(String.valueOf(file.getFileName())));
                    Files.copy(file, zip);
                }
            }
            return archive;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot pack " + folder + " for the cluster: " + e.getMessage(), e);
        }
    }
}
