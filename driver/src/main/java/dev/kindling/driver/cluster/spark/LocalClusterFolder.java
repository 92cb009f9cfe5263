package dev.kindling.driver.cluster.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileUtil;

/**
 * Removes the working folder of the executors of a {@code local-cluster} master, {@code SPARK_HOME/work/APPLICATION}, when the
 * application has ended; Spark copies the application's jars there for each executor and does not delete them.
 *
 * <p>Applications that start in the same second have the same id and so the same folder. Each therefore creates a marker file
 * in it while it runs, and only the last one removes the folder.
 */
final class LocalClusterFolder implements AutoCloseable {
    private static final String MARKER = ".kindling-";
    private static final int ATTEMPTS = 20;
    private static final long ATTEMPT_MILLIS = 100;

    private final Path folder;
    private final Path marker;

    private LocalClusterFolder(Path folder) {
        this.folder = folder;
        this.marker = folder.resolve(MARKER + UUID.randomUUID());
    }

    /**
     * The folder of an application, marked as its own.
     *
     * @param environment of this JVM, with Spark's {@code SPARK_HOME}
     * @return empty for other masters, and if the marker cannot be created
     */
    static Optional<LocalClusterFolder> of(String master, String application, Map<String, String> environment) {
        if (!master.startsWith("local-cluster[")) {
            return Optional.empty();
        }
        Path home = Path.of(environment.getOrDefault("SPARK_HOME", "."));
        LocalClusterFolder created =
                new LocalClusterFolder(home.resolve("work").resolve(application).toAbsolutePath());
        try {
            Files.createDirectories(created.folder);
            Files.createFile(created.marker);
            return Optional.of(created);
        } catch (IOException e) {
            // Without permission to write here, executors cannot have written either.
            return Optional.empty();
        }
    }

    /** Removes the folder unless another application uses it; retries while executors are still ending. */
    @Override
    public void close() {
        try {
            Files.deleteIfExists(marker);
            for (int attempt = 0; attempt < ATTEMPTS && Files.exists(folder) && !isMarked(); attempt++) {
                if (!FileUtil.fullyDelete(folder.toFile())) {
                    Thread.sleep(ATTEMPT_MILLIS);
                }
            }
        } catch (IOException e) {
            // The folder remains, as it does without this class.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isMarked() throws IOException {
        try (Stream<Path> names = Files.list(folder)) {
            return names.anyMatch(path -> path.getFileName().toString().startsWith(MARKER));
        }
    }
}
