package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.clusters.SmallImages;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the {@code report} command. */
class ReportCommandTest {
    private static final Pattern PICTURE = Pattern.compile("<(svg|img)\\b[^>]*>");

    @TempDir
    private Path folder;

    private static String report(Path out, String... more) throws IOException {
        List<String> args = new ArrayList<>(List.of("report", "--out", out.toString()));
        args.addAll(List.of(more));
        Outcome outcome = CommandLineForTests.onThreads(1, args);
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("the report is in " + out.resolve("report.html"));
        return Files.readString(out.resolve("report.html"));
    }

    private static void assertSelfContained(String html) {
        assertThat(html).startsWith("<!DOCTYPE html>").contains("<html lang=\"en\">", "default-src &#x27;none&#x27;");
        assertThat(html).doesNotContain("<script", "<link", "<iframe", "@import", "url(", "href=", "http:", "https:");
        Matcher sources = Pattern.compile("src=\"([^\"]{0,30})").matcher(html);
        assertThat(sources.results().map(match -> match.group(1)))
                .allMatch(source -> source.startsWith("data:image/png;base64,"));
        List<String> pictures =
                PICTURE.matcher(html).results().map(MatchResult::group).toList();
        assertThat(pictures)
                .isNotEmpty()
                .allMatch(tag -> tag.contains("aria-hidden=\"true\"")
                        || tag.matches(".*\\balt=\"[^\"]+\".*")
                        || (tag.contains("role=\"img\"") && tag.matches("(?s).*\\baria-label=\"[^\"]+\".*")));
        assertThat(html).contains("viewBox").doesNotContain("NaN", "Infinity");
    }

    @Test
    void aRunOnSinusoidsHasAReportWithAllSections() throws IOException {
        TinyRun run = TinyRun.in(folder, "run", "run.validate-every=8");
        assertThat(run.train().code()).isZero();
        String html = report(run.folder());
        assertSelfContained(html);
        assertThat(html)
                .contains(
                        "Error after each step",
                        "Learning curves",
                        "validation",
                        "Test task 1",
                        "One-sided task",
                        "1000 test tasks laid over each other",
                        "step-0 ratio",
                        "agreement of tasks",
                        "Gain of each task",
                        "Where the time went",
                        "Protocol",
                        "model.initializer",
                        "program hash");
    }

    /** Evaluation and prediction are different programs. */
    @Test
    void fitsHaveTheErrorsOfTheEvaluation() throws IOException {
        TinyRun run = TinyRun.in(folder, "run", "evaluation.tasks=1", "sinusoid.amplitude=[0.5, 1]");
        assertThat(run.train().code()).isZero();
        JsonNode steps = run.json("evaluation.json").at("/steps");
        String html = report(run.folder());
        assertThat(html)
                .contains(String.format(
                        Locale.ROOT,
                        "mean squared error %.4f after 0, %.4f after 1",
                        rounded(steps, 0),
                        rounded(steps, 1)));
    }

    /** Rounds as the page does for numbers below 1, such as the losses of this run. */
    private static double rounded(JsonNode steps, int step) {
        double loss = steps.get(step).at("/loss/mean").asDouble();
        assertThat(loss).isBetween(0.001, 1.0);
        return loss;
    }

    @Test
    void namesAreEscaped() throws IOException {
        TinyRun run = TinyRun.in(folder, "<img src=x onerror=y>&\"'", "run.rounds=2");
        assertThat(run.train().code()).isZero();
        String html = report(run.folder());
        assertThat(html).doesNotContain("<img src=x").contains("Run &lt;img src=x onerror=y&gt;&amp;");
    }

    @Test
    void aRunOnImagesShowsAnEpisodeWithPredictionsBeforeAndAfter() throws IOException {
        SmallImages.write(folder);
        Path job = Files.writeString(
                folder.resolve("images.conf"), """
                run.rounds = 3
                task { source = few-shot, meta-batch-size = 2, support = 1, query = 2 }
                few-shot { ways = 3, image-size = 12, data = "%s", split = "%s" }
                model.network = omniglot-fc
                algorithm.inner-learning-rate = 0.4
                backend.name = reference
                evaluation { tasks = 4, steps = 2 }
                """.formatted(folder.resolve("pictures.zip"), folder.resolve("splits")));
        Path run = folder.resolve("run");
        Outcome trained =
                CommandLineForTests.onThreads(1, List.of("train", "--conf", job.toString(), "--out", run.toString()));
        assertThat(trained.code()).as(trained.err()).isZero();
        String html = report(run);
        assertSelfContained(html);
        // Three support images and six queries.
        assertThat(Pattern.compile("<img ").matcher(html).results()).hasSize(9);
        assertThat(Pattern.compile("before: [ABC] [✓✗]").matcher(html).results())
                .hasSize(6);
        assertThat(Pattern.compile("after: [ABC] [✓✗]").matcher(html).results()).hasSize(6);
        assertThat(html)
                .contains(
                        "Accuracy after each step",
                        "The share of queries that is classified correctly before the first step and after 1 step, by class",
                        "<td>test</td>");
    }

    @Test
    void aComparisonHasAPageWithFitsOutsideTheDistribution() throws IOException {
        Path comparison = comparison("compare.fits = { sinusoid.amplitude = [1, 1] }");
        Path out = folder.resolve("out");
        Outcome outcome = compare(comparison, out);
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("the report is in " + out.resolve("report.html"));
        String html = Files.readString(out.resolve("report.html"));
        assertSelfContained(html);
        assertThat(html)
                .contains(
                        "Paired differences",
                        "b − a",
                        "a: other task 1",
                        "b: other task 2",
                        "sinusoid.amplitude=[1,1]",
                        "Variance of the loss",
                        "What it cost",
                        "Where their configurations differ",
                        "algorithm.name");
        // At amplitude 1 no target is above 1.
        Matcher ranges = Pattern.compile("other task \\d\\. A curve between (\\S+) and (\\S+),")
                .matcher(html);
        assertThat(ranges.results().map(match -> Double.parseDouble(match.group(2))))
                .hasSize(4)
                .allMatch(high -> high > 0.9 && high <= 1);
        Files.delete(out.resolve("report.html"));
        assertThat(report(out)).isEqualTo(html);
    }

    private Path comparison(String more) throws IOException {
        Files.writeString(folder.resolve("tiny.conf"), """
                run { rounds = 24, log-every = 1 }
                task { meta-batch-size = 3, support = 4, query = 4 }
                model { network = mlp-40-tanh, initializer = fan-in-uniform }
                backend.name = reference
                """);
        return Files.writeString(folder.resolve("tiny-compare.conf"), """
                compare.runs = [ { job = tiny, name = a }, { job = tiny, name = b, set.algorithm.name = fomaml } ]
                evaluation { tasks = 7, steps = 2, query = 50 }
                """ + more);
    }

    private static Outcome compare(Path comparison, Path out) {
        return CommandLineForTests.onThreads(
                1, List.of("compare", "--conf", comparison.toString(), "--out", out.toString()));
    }

    @Test
    void fitsWithUnknownSettingsAreRefusedBeforeTraining() throws IOException {
        Path out = folder.resolve("out");
        Outcome outcome = compare(comparison("compare.fits = { sinusoid.amplitud = [1, 1] }"), out);
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err())
                .contains("compare.fits has sinusoid.amplitud, which task.source = sinusoid does not know");
        outcome = compare(comparison("compare.fits = { sinusoid.amplitude = [2, 1] }"), out);
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err()).contains("sinusoid.amplitude is [2.0, 1.0]");
        assertThat(out).doesNotExist();
    }

    @Test
    void aFolderWithoutARunIsRefused() throws IOException {
        Outcome nothing = CommandLineForTests.onThreads(1, List.of("report", "--out", folder.toString()));
        assertThat(nothing.code()).isEqualTo(3);
        assertThat(nothing.err())
                .contains(folder + " holds neither a run (config.conf) nor a comparison (compare.json)");
        assertThat(CommandLineForTests.onThreads(1, List.of("report")).code()).isEqualTo(2);
        Files.writeString(folder.resolve("compare.json"), "{");
        Outcome damaged = CommandLineForTests.onThreads(1, List.of("report", "--out", folder.toString()));
        assertThat(damaged.code()).isEqualTo(3);
        assertThat(damaged.err()).contains("compare.json is damaged");
    }

    @Test
    void aRunWithADamagedModelIsRefusedAndItsOldReportStays() throws IOException {
        TinyRun run = TinyRun.in(folder, "run", "run.rounds=2");
        assertThat(run.train().code()).isZero();
        String before = report(run.folder());
        Path theta = run.file("model/theta.safetensors");
        byte[] bytes = Files.readAllBytes(theta);
        bytes[bytes.length - 1] ^= 1;
        Files.write(theta, bytes);
        Outcome outcome = CommandLineForTests.onThreads(
                1, List.of("report", "--out", run.folder().toString()));
        assertThat(outcome.code()).isEqualTo(3);
        assertThat(outcome.err()).contains("theta.safetensors");
        assertThat(Files.readString(run.file("report.html"), StandardCharsets.UTF_8))
                .isEqualTo(before);
    }

    @Test
    void aRunWithoutMetricsAndEvaluationStillHasAPage() throws IOException {
        TinyRun run = TinyRun.in(folder, "run", "run.rounds=2", "run.log-every=0");
        assertThat(run.train().code()).isZero();
        Files.delete(run.file("evaluation.json"));
        assertThat(new ObjectMapper()
                        .readTree(run.file("status.json").toFile())
                        .at("/state")
                        .asText())
                .isEqualTo("done");
        assertThat(report(run.folder())).contains("It has not been evaluated yet.", "Test task 1");
    }
}
