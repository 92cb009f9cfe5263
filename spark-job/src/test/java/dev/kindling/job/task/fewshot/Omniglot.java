package dev.kindling.job.task.fewshot;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Locates the complete Omniglot for tests: a folder with its two zips and {@code splits-vinyals}. */
final class Omniglot {
    private Omniglot() {}

    /** The folder; skips the test if there is none. */
    static Path folder() {
        Path found = find();
        assumeTrue(
                found != null,
                "Omniglot was not found: set KINDLING_OMNIGLOT to a folder with images_background.zip, images_evaluation.zip and "
                        + "splits-vinyals");
        return found;
    }

    private static @Nullable Path find() {
        String named = System.getenv("KINDLING_OMNIGLOT");
        if (named != null) {
            return Path.of(named);
        }
        // The working directory of tests is their module's folder.
        Path shared = Path.of("..", "..", "shared", "data", "omniglot");
        return Files.isDirectory(shared) ? shared : null;
    }
}
