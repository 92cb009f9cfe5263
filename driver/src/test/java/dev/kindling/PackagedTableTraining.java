package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that the built package brings what reads and writes tables; run after packaging, in {@code verify}. */
class PackagedTableTraining {
    static final String TABLE =
            Path.of("..", "conf", "growth.csv").toAbsolutePath().normalize().toString();

    @TempDir
    private Path temporary;

    /** The arguments of a short training on the project's table. */
    static List<String> training(Path run) {
        return List.of(
                "train",
                "--conf",
                Path.of("..", "conf", "table-growth.conf").toString(),
                "--set",
                "table.path=" + TABLE,
                "--set",
                "run.rounds=2",
                "--out",
                run.toString());
    }

    /** The arguments of predictions for the same table. */
    static List<String> prediction(Path run, Path predictions) {
        return List.of("adapt", "--out", run.toString(), "--data", TABLE, "--to", predictions.toString());
    }

    @Test
    void thePackageTrainsOnATableAndPredictsIt() {
        BuiltPackage own = BuiltPackage.on(BuiltPackage.OWN_SPARK);
        Path run = temporary.resolve("run");
        own.run(training(run));
        assertThat(run.resolve("table")).isNotEmptyDirectory();

        Path predictions = temporary.resolve("predictions.parquet");
        assertThat(own.run(prediction(run, predictions))).contains("420 groups, adapted to");
        assertThat(predictions).isDirectoryContaining("glob:**.parquet");
    }
}
