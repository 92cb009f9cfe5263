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
 * The folder in which Spark runs the executors of a {@code local-cluster} master, {@code SPARK_HOME/work/APPLICATION}. Spark
 * copies the application's jars there for each executor and leaves them; this removes the folder when the application has ended.
 *
 * <p>Applications that start in the same second have the same name and so the same folder. Each therefore marks it as its own
 * while it runs, and only the last one removes it.
 */
final class LocalClusterFolder implements AutoCloseable {
    private static final String MARK = ".kindling-";
    private static final int ATTEMPTS = 20;
    private static final long ATTEMPT_MILLIS = 100;

    private final Path folder;
    private final Path mark;

    private LocalClusterFolder(Path folder) {
        this.folder = folder;
        this.mark = folder.resolve(MARK + UUID.randomUUID());
    }

    /**
     * The folder of an application, marked as its own.
     *
     * @param environment of this JVM, in which Spark looks for its home
     * @return empty for other masters, and where the folder cannot be marked
     */
    static Optional<LocalClusterFolder> of(String master, String application, Map<String, String> environment) {
        if (!master.startsWith("local-cluster[")) {
            return Optional.empty();
        }
        Path home = Path.of(environment.getOrDefault("SPARK_HOME", "."));
        LocalClusterFolder own =
                new LocalClusterFolder(home.resolve("work").resolve(application).toAbsolutePath());
        try {
            Files.createDirectories(own.folder);
            Files.createFile(own.mark);
            return Optional.of(own);
        } catch (IOException e) {
            // Whoever may not write there has no executors that do.
            return Optional.empty();
        }
    }

    /** Removes it, unless another application runs there; as far as executors that are still ending let it. */
    @Override
    public void close() {
        try {
            Files.deleteIfExists(mark);
            for (int attempt = 0; attempt < ATTEMPTS && Files.exists(folder) && !isMarked(); attempt++) {
                if (!FileUtil.fullyDelete(folder.toFile())) {
                    Thread.sleep(ATTEMPT_MILLIS);
                }
            }
        } catch (IOException e) {
            // It is left behind, as Spark leaves it.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isMarked() throws IOException {
        try (Stream<Path> names = Files.list(folder)) {
            return names.anyMatch(path -> path.getFileName().toString().startsWith(MARK));
        }
    }
}
