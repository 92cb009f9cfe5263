package dev.kindling.driver.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Locates the complete Omniglot data set for tests: a folder with its two zips and {@code splits-vinyals}. */
final class Omniglot {
    private static final String SPLIT = "splits-vinyals";

    private Omniglot() {}

    /** The folder; the test is skipped where there is none. */
    static Path folder() {
        Optional<Path> found = find();
        assumeTrue(
                found.isPresent(),
                "no Omniglot here: set KINDLING_OMNIGLOT to a folder with images_background.zip, images_evaluation.zip"
                        + " and splits-vinyals");
        return found.orElseThrow();
    }

    static Optional<Path> find() {
        String named = System.getenv("KINDLING_OMNIGLOT");
        if (named != null) {
            return Optional.of(Path.of(named));
        }
        // Tests run in their module's folder, one below the root of the repository.
        Path beside = Path.of("..", "..", "shared", "data", "omniglot");
        return Files.isDirectory(beside) ? Optional.of(beside) : Optional.empty();
    }

    /** The {@code --set} options of jobs on the first lines of Vinyals' split, so that a test decodes no more. */
    static List<String> beginning(int lines, Path omniglot, Path split) throws IOException {
        Files.createDirectories(split);
        for (String file : List.of("train.txt", "val.txt", "test.txt")) {
            List<String> all = Files.readAllLines(omniglot.resolve(SPLIT).resolve(file));
            Files.write(split.resolve(file), all.subList(0, lines));
        }
        return List.of("--set", "few-shot.data=" + omniglot, "--set", "few-shot.split=" + split);
    }
}
