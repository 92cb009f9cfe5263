package dev.kindling.driver.cluster.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("executors")
class LocalClusterFolderTest {
    private static final String MASTER = "local-cluster[2,1,1024]";

    @TempDir
    private Path home;

    private LocalClusterFolder folder(String application) {
        return LocalClusterFolder.of(MASTER, application, Map.of("SPARK_HOME", home.toString()))
                .orElseThrow();
    }

    private Path executor(String application) throws IOException {
        Path executor = Files.createDirectories(home.resolve("work").resolve(application + "/0"));
        Files.writeString(executor.resolve("kindling.jar"), "jar");
        return executor;
    }

    @Test
    void theFolderOfAnApplicationIsRemovedAndThatOfAnotherIsNot() throws IOException {
        Path others = executor("app-1");
        LocalClusterFolder folder = folder("app-2");
        executor("app-2");
        folder.close();
        assertThat(home.resolve("work/app-2")).doesNotExist();
        assertThat(others.resolve("kindling.jar")).exists();
    }

    @Test
    void ofTwoApplicationsOfTheSameSecondTheLastRemovesTheirFolder() throws IOException {
        LocalClusterFolder first = folder("app-1");
        LocalClusterFolder second = folder("app-1");
        Path executor = executor("app-1");
        first.close();
        assertThat(executor.resolve("kindling.jar")).exists();
        second.close();
        assertThat(home.resolve("work")).isEmptyDirectory();
    }

    @Test
    void otherMastersHaveNone() {
        assertThat(LocalClusterFolder.of("local[2]", "local-1", Map.of("SPARK_HOME", home.toString())))
                .isEmpty();
        assertThat(LocalClusterFolder.of("spark://host:7077", "app-1", Map.of("SPARK_HOME", home.toString())))
                .isEmpty();
        assertThat(home).isEmptyDirectory();
    }

    @Test
    void anApplicationOfALocalClusterLeavesNothingInItsWorkFolder() throws IOException {
        Path work = Path.of(System.getenv("SPARK_HOME"), "work");
        Path folder;
        try (TwoExecutors executors = new TwoExecutors()) {
            folder = work.resolve(executors.spark().context().sc().applicationId());
            assertThat(folder.resolve("0")).as("where Spark runs an executor").isDirectory();
        }
        assertThat(folder).doesNotExist();
    }
}
