package dev.kindling.driver.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Reads the event log that Spark writes of a running application. */
record EventLog(Path folder) {
    static EventLog in(Path folder) {
        try {
            return new EventLog(Files.createDirectories(folder));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The variables of the environment that enable the event log of a start. */
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
