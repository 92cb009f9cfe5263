package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that the built package brings what reads tables; run after packaging, in {@code verify}. */
class PackagedTableTraining {
    @TempDir
    private Path temporary;

    /** The arguments of a short training on the project's table. */
    static List<String> arguments(Path run) {
        return List.of(
                "train",
                "--conf",
                Path.of("..", "conf", "table-growth.conf").toString(),
                "--set",
                "table.path="
                        + Path.of("..", "conf", "growth.csv").toAbsolutePath().normalize(),
                "--set",
                "run.rounds=2",
                "--out",
                run.toString());
    }

    @Test
    void thePackageTrainsOnATable() {
        BuiltPackage.on(BuiltPackage.OWN_SPARK).run(arguments(temporary.resolve("run")));

        assertThat(temporary.resolve("run/table")).isNotEmptyDirectory();
    }
}
