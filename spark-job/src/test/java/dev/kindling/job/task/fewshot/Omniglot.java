package dev.kindling.job.task.fewshot;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where tests find the complete Omniglot: a folder with its two zips and {@code splits-vinyals}. */
final class Omniglot {
    private Omniglot() {}

    /** The folder; the test is skipped where there is none. */
    static Path folder() {
        Path found = find();
        assumeTrue(
                found != null,
                "no Omniglot here: set KINDLING_OMNIGLOT to a folder with images_background.zip, images_evaluation.zip and "
                        + "splits-vinyals");
        return found;
    }

    private static @Nullable Path find() {
        String named = System.getenv("KINDLING_OMNIGLOT");
        if (named != null) {
            return Path.of(named);
        }
        // Tests run in their module's folder, one below the root of the repository.
        Path beside = Path.of("..", "..", "shared", "data", "omniglot");
        return Files.isDirectory(beside) ? beside : null;
    }
}
