package dev.kindling.driver.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ComparisonFileTest {
    private static final Path CONF = Path.of("..", "conf");

    @TempDir
    private Path folder;

    private ComparisonFile load(String text, String... set) {
        try {
            Path file = Files.writeString(folder.resolve("my-compare.conf"), text);
            return ComparisonFile.load(file.toString(), JobFileResolver.here(), List.of(set), Optional.empty());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static JobConfig configuration(ComparisonFile file, int entrant) {
        return ((EntrantConfig.OfJob) file.entrants().get(entrant)).configuration();
    }

    @Test
    void jobsAreOverriddenByTheFileThenByTheirSetThenByTheCommandLine() {
        ComparisonFile file = load("""
                compare.runs = [ sinusoid-maml, { job = sinusoid-fomaml, name = other, set { run.rounds = 7, task.query = 3 } } ]
                run.rounds = 5
                task.query = 2
                evaluation.tasks = 50
                """, "task.query=9", "compare.seeds=4");
        assertThat(file.seeds()).isEqualTo(4);
        assertThat(file.entrants()).extracting(EntrantConfig::name).containsExactly("sinusoid-maml", "other");
        assertThat(configuration(file, 0).shown("run.rounds")).isEqualTo("5");
        assertThat(configuration(file, 1).shown("run.rounds")).isEqualTo("7");
        assertThat(configuration(file, 1).shown("algorithm.name")).isEqualTo("fomaml");
        for (int entrant = 0; entrant < 2; entrant++) {
            assertThat(configuration(file, entrant).shown("task.query")).isEqualTo("9");
            assertThat(configuration(file, entrant).shown("evaluation.tasks")).isEqualTo("50");
        }
    }

    @Test
    void aJobInTheFilesFolderTakesPrecedenceOverAReadyOne() throws IOException {
        Files.writeString(folder.resolve("sinusoid-maml.conf"), "run.rounds = 3");
        ComparisonFile file = load("compare.runs = [ sinusoid-maml, sinusoid-fomaml ]");
        assertThat(configuration(file, 0).shown("run.rounds")).isEqualTo("3");
    }

    @Test
    void anEntrantThatIsNoJobIsARunOfWhichOnlyTheEvaluationCanBeChanged() {
        ComparisonFile file = load(
                "compare.runs = [ sinusoid-maml, runs/last-week, { run = sinusoid-maml, name = folder } ]\n"
                        + "evaluation.tasks = 50, run.rounds = 5",
                "evaluation.seed=3",
                "task.query=4");
        assertThat(file.entrants().get(1))
                .isEqualTo(new EntrantConfig.OfRun(
                        "last-week", "runs/last-week", List.of("evaluation.tasks=50", "evaluation.seed=3")));
        assertThat(file.entrants().get(2)).isInstanceOf(EntrantConfig.OfRun.class);
    }

    @Test
    void aJobWithAnInvalidFileNameIsRefused() {
        assertThatThrownBy(() -> load("compare.runs = [ sinusoid-maml, { job = \"a\\u0000b\" } ]"))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage("a\\u0000b.conf cannot be the name of a file: Nul character not allowed");
    }

    @Test
    void anInvalidAssignmentIsRefusedForRunsToo() {
        assertThatThrownBy(() -> load("compare.runs = [ runs/last-week, runs/this-week ]", "task.query"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("--set is task.query; it must be key=value");
    }

    @Test
    void theTimeLimitAppliesToEveryJob() {
        ComparisonFile file = load("compare { runs = [ sinusoid-maml, sinusoid-fomaml ], wall-time = 5m }");
        assertThat(configuration(file, 0).keys().duration("run.wall-time")).hasMinutes(5);
        assertThat(configuration(file, 1).keys().duration("run.wall-time")).hasMinutes(5);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "compare.runs = [ sinusoid-maml ] | compare.runs has 1 entrant; it must have at least 2",
                "compare.runs = [ sinusoid-maml, sinusoid-maml ] | two entrants of the name sinusoid-maml",
                "compare.runs = sinusoid-maml | compare.runs is sinusoid-maml; it must be a list",
                "compare.runs = [ sinusoid-maml, 7 ] | it must be a list of job names",
                "compare.runs = [ a, { run = b, set.run.rounds = 1 } ] | it must be a list of job names",
                "compare.runs = [ a, { job = nowhere } ] | compare.runs has the job nowhere; it must be",
                "compare.runs = [ a, { run = b, name = \"c/d\" } ] | an entrant of the name c/d; a name must be",
                "compare { runs = [ a, b ], seed = 2 } | there is no key compare.seed; the nearest is compare.seeds",
                "compare { runs = [ a, b ], seeds = 0 } | compare.seeds is 0; it must be at least 1",
                "compare { runs = [ a, b ], baselines = [best-task] } | compare.baselines has best-task; it must be empty or mean-task",
                "compare { runs = [ a, { run = b, name = mean-task } ], baselines = mean-task } | two entrants of the name mean-task",
                "compare { runs = [ a, b ], wall-time = 5 } | compare.wall-time is 5; it must be a time with its unit",
                "compare { runs = [ sinusoid-maml, b ] }, task.suport = 1 | there is no key task.suport",
                "compare { runs = [ a, b ] | cannot be read as HOCON"
            })
    void invalidComparisonsAreRefused(String text, String message) {
        assertThatThrownBy(() -> load(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    static Stream<Path> readyComparisons() throws IOException {
        try (Stream<Path> files = Files.list(CONF)) {
            return files.filter(file -> file.toString().endsWith("-compare.conf")).toList().stream();
        }
    }

    @ParameterizedTest
    @MethodSource("readyComparisons")
    void everyReadyComparisonHasValidJobs(Path comparison) {
        ComparisonFile file = ComparisonFile.load(
                comparison.toString(), JobFileResolver.here(), List.of("few-shot.data=/data"), Optional.of(2));
        assertThat(file.seeds()).isEqualTo(2);
        for (EntrantConfig entrant : file.entrants()) {
            Settings settings = SettingsReader.read(
                    ((EntrantConfig.OfJob) entrant).configuration(), new org.apache.hadoop.conf.Configuration());
            assertThat(settings.run().rounds()).isPositive();
        }
    }

    @Test
    void theTableInTheDocumentationIsTheReference() throws IOException {
        List<String> expected = new ArrayList<>();
        String comment = "";
        for (String line : Files.readAllLines(CONF.resolve("compare-reference.conf"))) {
            if (line.startsWith("  # ")) {
                comment = line.substring(4);
            } else if (line.contains(" = ")) {
                String[] parts = line.strip().split(" = ", 2);
                expected.add("| `compare." + parts[0] + "` | `" + parts[1] + "` | " + comment + " |");
            }
        }
        List<String> table = Files.readAllLines(Path.of("..", "docs", "comparing.md")).stream()
                .filter(line -> line.startsWith("| `compare."))
                .toList();
        assertThat(table).isEqualTo(expected).isNotEmpty();
    }
}
