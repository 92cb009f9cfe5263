package dev.kindling.driver.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Spark's own account of one application, which it writes while that runs. */
record EventLog(Path folder) {
    static EventLog in(Path folder) {
        try {
            return new EventLog(Files.createDirectories(folder));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What makes a start write it. */
    Map<String, String> environment() {
        return Map.of("KINDLING_JAVA_OPTS", "-Dspark.eventLog.enabled=true -Dspark.eventLog.dir=" + folder.toUri());
    }

    /** Whether an executor has completed a Spark task. */
    boolean hasTaskOf(String executor) {
        Await.pause(500);
        return files().stream().anyMatch(file -> hasTaskOf(executor, file));
    }

    private static boolean hasTaskOf(String executor, Path file) {
        try (Stream<String> lines = Files.lines(file)) {
            return lines.anyMatch(line -> line.startsWith("{\"Event\":\"SparkListenerTaskEnd\"")
                    && line.contains("\"Executor ID\":\"" + executor + "\""));
        } catch (IOException | UncheckedIOException e) {
            return false;
        }
    }

    private List<Path> files() {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            return List.of();
        }
    }
}
