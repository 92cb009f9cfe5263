package dev.kindling.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JobFileResolverTest {
    @TempDir
    private Path folder;

    private final org.apache.hadoop.conf.Configuration hadoop = new org.apache.hadoop.conf.Configuration();

    private Path file(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private Config parsed(String name, String... submitted) {
        return new JobFileResolver(hadoop, List.of(submitted)).parse(name).resolve();
    }

    @Test
    void anIncludeIsFoundInTheFolderOfItsFile() throws IOException {
        file("deep/base.conf", "a = 1, b = 1");
        Path job = file("deep/job.conf", "include \"base.conf\"\nb = 2");
        for (String name : List.of(job.toString(), job.toUri().toString())) {
            assertThat(parsed(name).getInt("a")).as(name).isEqualTo(1);
            assertThat(parsed(name).getInt("b")).as(name).isEqualTo(2);
        }
    }

    @Test
    void aReadyJobIsFoundByItsName() {
        assertThat(parsed("sinusoid-maml.conf").getInt("run.rounds")).isEqualTo(10_000);
        assertThat(parsed("sinusoid-maml-paper.conf").getString("algorithm.name"))
                .isEqualTo("maml");
    }

    @Test
    void aUsersFileTakesPrecedenceOverAReadyJobAndMayIncludeOne() throws IOException {
        Path job = file("sinusoid-fomaml.conf", "include \"sinusoid-maml.conf\"\nrun.rounds = 7");
        assertThat(parsed(job.toString()).getInt("run.rounds")).isEqualTo(7);
        assertThat(parsed(job.toString()).getString("algorithm.name")).isEqualTo("maml");
        assertThat(parsed("sinusoid-fomaml.conf", job.toUri().toString()).getInt("run.rounds"))
                .as("submitted with the application")
                .isEqualTo(7);
    }

    @Test
    void aReadyJobIsNotFoundByAWrongPath() {
        assertThatThrownBy(() -> parsed("nowhere/sinusoid-maml.conf"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("--conf is nowhere/sinusoid-maml.conf; it must be a file that exists");
    }

    @Test
    void aMissingIncludeIsRefusedWithBothNames() throws IOException {
        Path job = file("job.conf", "include \"gone.conf\"");
        assertThatThrownBy(() -> parsed(job.toString()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(job + " includes gone.conf; it must be a file in its folder, or the name of a ready job");
    }

    @Test
    void anUnknownFileSystemIsRefusedWithASingleLineMessage() {
        assertThatThrownBy(() -> parsed("nofs://host/job.conf"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "--conf needs nofs://host/job.conf, which cannot be read: No FileSystem for scheme \"nofs\"");
    }
}
