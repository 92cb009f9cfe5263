package dev.kindling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.bench.Accuracy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccuracyTest {
    private static final Path DOCS = Path.of("..", "docs");

    @TempDir
    private Path root;

    private Path run = Path.of("");

    /** The folder of a run of two validations, and a page. */
    @BeforeEach
    void runAndPage() throws IOException {
        run = Files.createDirectories(root.resolve("run"));
        Files.writeString(run.resolve("evaluation.json"), """
                {"protocol": {"source": "few-shot", "split": "test", "ways": 5, "shots": 1, "query": 1, "tasks": 10000,
                   "seed": 1234, "batch_norm": "query", "order": 2},
                 "steps": [{"loss": {"mean": 1.6}, "accuracy": {"mean": 0.2, "ci95": 0.004}},
                   {"loss": {"mean": 0.1}, "accuracy": {"mean": 0.98765, "ci95": 0.00123}},
                   {"loss": {"mean": 0.1}, "accuracy": {"mean": 0.5, "ci95": 0.1}}],
                 "settings": {"algorithm": {"name": "anil", "inner-steps": 1}, "run": {"seed": 7}},
                 "provenance": {"theta_sha256": "abc", "rounds": 1500}}
                """);
        Files.writeString(run.resolve("metrics.jsonl"), """
                {"round":1000,"seconds":90.0,"validation_accuracy":0.9}
                {"round":1500,"seconds":135.0,"validation_accuracy":0.97}
                {"round":2000,"seconds":180.5}
                """);
        Files.createDirectories(root.resolve("docs"));
        Files.writeString(root.resolve("docs/results.md"), """
                # Results
                <!-- Written by deploy/bench accuracy from docs/results/*.json -->
                old
                <!-- End of what deploy/bench accuracy writes -->
                more
                """);
    }

    private int accuracy(String... args) {
        String[] all = new String[args.length + 2];
        System.arraycopy(args, 0, all, 0, args.length);
        all[args.length] = "--root";
        all[args.length + 1] = root.toString();
        return Accuracy.execute(all);
    }

    private String page() throws IOException {
        return Files.readString(root.resolve("docs/results.md"));
    }

    @Test
    void theNumbersOfTheResultsPageAreThoseOfItsRecords() throws IOException {
        Path records = DOCS.resolve("results");
        String page = Files.readString(DOCS.resolve("results.md"));
        assertThat(page).as("deploy/bench accuracy writes it again").isEqualTo(Accuracy.page(page, records));
        assertThat(records.resolve("accuracy.svg")).hasContent(Accuracy.picture(records));
    }

    @Test
    void aRunIsRecordedAndItsNumbersAreWritten() throws IOException {
        assertThat(accuracy("omniglot-x=" + run, "--note", "beside other work")).isZero();
        JsonNode json = new ObjectMapper()
                .readTree(root.resolve("docs/results/omniglot-x.json").toFile());
        assertThat(json.at("/validations/1/minutes").asDouble()).isEqualTo(2.25);
        assertThat(json.at("/accuracy/1/mean").asDouble()).isEqualTo(0.98765);
        assertThat(json.at("/provenance/theta_sha256").asText()).isEqualTo("abc");
        assertThat(page().lines())
                .startsWith(
                        "# Results",
                        "<!-- Written by deploy/bench accuracy from docs/results/*.json -->",
                        "![Accuracy against minutes of training](results/accuracy.svg)")
                .contains(
                        "| `omniglot-x` | 7 | 5-way 1-shot, 1 query | 2,000, the model after 1,500 | 3.0, beside other work | "
                                + "10,000 of test | **98.77 ± 0.12** |")
                .endsWith("<!-- End of what deploy/bench accuracy writes -->", "more")
                .doesNotContain("old");
        String first = page();
        String picture = Files.readString(root.resolve("docs/results/accuracy.svg"));
        assertThat(picture).startsWith("<svg").contains("5-way 1-shot", "omniglot-x: 98.77", "<path d=\"M");
        assertThat(accuracy()).isZero();
        assertThat(page()).isEqualTo(first);
        assertThat(root.resolve("docs/results/accuracy.svg")).hasContent(picture);
    }

    @Test
    void equalFactorsOfTheErrorAreEqualDistances() throws IOException {
        accuracy("omniglot-x=" + run);
        List<Double> heights = Files.readString(root.resolve("docs/results/accuracy.svg"))
                .lines()
                .filter(line -> line.contains("stroke=\"#dddddd\""))
                .map(line -> Double.valueOf(line.replaceFirst(".*M46 ([0-9.]+)H.*", "$1")))
                .toList();
        // 80, 90, 95, 98, 99, 99.5 and 99.9%.
        assertThat(heights).hasSize(7);
        assertThat(heights.get(0) - heights.get(1)).isCloseTo(heights.get(3) - heights.get(4), within(0.2));
        assertThat(heights.get(0) - heights.get(1)).isCloseTo(heights.get(4) - heights.get(5), within(0.2));
    }

    @Test
    void whatIsNoResultIsRefused() throws IOException {
        assertThat(accuracy("Omniglot X=" + run)).isEqualTo(2);
        assertThat(accuracy("x=" + root)).isEqualTo(2);
        Files.writeString(root.resolve("docs/results.md"), "# Results\n");
        assertThat(accuracy("x=" + run)).isEqualTo(2);
        assertThat(accuracy("--nonsense")).isEqualTo(2);
    }
}
