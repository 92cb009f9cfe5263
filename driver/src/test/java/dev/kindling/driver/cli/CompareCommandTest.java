package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.job.task.TaskSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests the {@code compare} command. */
class CompareCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;

    private Path comparison;
    private Path out;
    private final List<RoundRequest> requests = new ArrayList<>();

    @BeforeEach
    void write() throws IOException {
        comparison = folder.resolve("tiny-compare.conf");
        out = folder.resolve("out");
        Files.writeString(folder.resolve("tiny.conf"), """
                run { rounds = 6, log-every = 2, checkpoint-every = 2 }
                task { meta-batch-size = 3, support = 4, query = 4 }
                model { network = mlp-40-tanh, initializer = fan-in-uniform }
                backend.name = reference
                """);
        Files.writeString(comparison, """
                compare.runs = [ { job = tiny, name = a }, { job = tiny, name = b, set.algorithm.name = fomaml } ]
                evaluation { tasks = 7, steps = 2, query = 5 }
                """);
    }

    private Outcome compare(Consumer<RoundRequest> watcher, Signals signals, String... more) {
        List<String> args =
                new ArrayList<>(List.of("compare", "--conf", comparison.toString(), "--out", out.toString()));
        args.addAll(List.of(more));
        return CommandLineForTests.on((job, settings) -> new WatchedCluster(job, 1, watcher), signals, args);
    }

    private Outcome compare(String... more) {
        return compare(requests::add, new Signals(), more);
    }

    private JsonNode json() throws IOException {
        return JSON.readTree(out.resolve("compare.json").toFile());
    }

    private Stream<List<TaskSpec>> evaluated() {
        return requests.stream()
                .filter(request -> request.program().equals("evaluate"))
                .map(RoundRequest::specs);
    }

    @Test
    void allEntrantsAndSeedsAreEvaluatedOnTheSameTasks() throws IOException {
        Outcome outcome = compare("--seeds", "2");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        // Each of four runs evaluates its model and an untrained one.
        assertThat(evaluated()).hasSize(8);
        assertThat(evaluated().distinct()).hasSize(1);
        assertThat(out).isDirectoryContaining("glob:**/{a,b}-{1,2}");
        JsonNode json = json();
        assertThat(json.at("/entrants")).hasSize(2);
        assertThat(json.at("/entrants/0/runs/1/seed").asInt()).isEqualTo(2);
        assertThat(json.at("/entrants/0/runs/1/folder").asText()).isEqualTo("a-2");
        assertThat(json.at("/entrants/0/runs/0/rounds").asInt()).isEqualTo(6);
        assertThat(json.at("/entrants/0/theta_bytes").asInt()).isEqualTo(4 * 121);
        assertThat(json.at("/entrants/1/order").asInt()).isEqualTo(1);
        assertThat(json.at("/protocol/steps").asInt()).isEqualTo(2);
        assertThat(json.at("/differences/0/entrant").asText()).isEqualTo("b");
        assertThat(json.at("/differences/0/minus").asText()).isEqualTo("a");
        assertThat(json.at("/differences/0/steps")).hasSize(3);
        assertThat(outcome.out()).contains("difference to a, task by task", "over seeds", "training cost");
    }

    @Test
    void differencesAreThoseOfTheEvaluationsInTheRunFolders() throws IOException {
        assertThat(compare().code()).isZero();
        for (int step = 0; step < 3; step++) {
            String mean = "/steps/" + step + "/loss/mean";
            double a = evaluation("a-1").at(mean).asDouble();
            double b = evaluation("b-1").at(mean).asDouble();
            assertThat(json().at("/entrants/0" + mean).asDouble()).isEqualTo(a);
            assertThat(json().at("/differences/0" + mean).asDouble()).isCloseTo(b - a, within(1e-12));
        }
    }

    private JsonNode evaluation(String run) throws IOException {
        return JSON.readTree(out.resolve(run).resolve("evaluation.json").toFile());
    }

    @Test
    void meanTaskBaselineAndOracleAreCompared() throws IOException {
        Files.writeString(comparison, """
                compare {
                  runs = [ { job = tiny, name = told, set.sinusoid.oracle = true }, { job = tiny, name = blind } ]
                  baselines = mean-task
                }
                evaluation { tasks = 40, steps = 2, query = 5 }
                """);
        Outcome outcome = compare();
        assertThat(outcome.code()).as(outcome.err()).isZero();
        JsonNode mean = json().at("/entrants/2");
        assertThat(mean.path("name").asText()).isEqualTo("mean-task");
        assertThat(mean.path("runs")).isEmpty();
        assertThat(mean.path("steps")).hasSize(1);
        // Amplitudes of [0.1, 5] and phases of half a period leave a variance of about 3.
        assertThat(mean.at("/steps/0/loss/mean").asDouble()).isBetween(1.0, 6.0);
        double blind = json().at("/entrants/1/steps/1/loss/mean").asDouble();
        assertThat(json().at("/differences/2/minus").asText()).isEqualTo("blind");
        assertThat(json().at("/differences/2/steps/1/loss/mean").asDouble())
                .isCloseTo(mean.at("/steps/0/loss/mean").asDouble() - blind, within(1e-9));
        assertThat(out.resolve("report.html"))
                .content()
                .contains("told, blind, mean-task on the same 40", "told: test task 1", "blind: test task 1");
    }

    @Test
    void theMeanTaskBaselineIsRefusedIfQueryInputsDiffer() {
        assertThat(compare("--set", "compare.baselines=mean-task", "--set", "evaluation.split=train"))
                .isEqualTo(new Outcome(
                        2,
                        "",
                        "compare.baselines has mean-task, but the test tasks are classifications or differ in their query "
                                + "inputs; it must be empty then\n"));
    }

    @Test
    void finishedRunsAreLoadedAndGiveTheSameComparison() throws IOException {
        assertThat(compare().code()).isZero();
        JsonNode first = json().at("/differences");
        requests.clear();
        assertThat(compare().code()).isZero();
        assertThat(requests).allMatch(request -> request.program().equals("evaluate"));
        assertThat(json().at("/differences")).isEqualTo(first);
    }

    @Test
    void aChangedEvaluationDoesNotTrainAgain() throws IOException {
        assertThat(compare().code()).isZero();
        requests.clear();
        assertThat(compare("--set", "evaluation.tasks=9").code()).isZero();
        assertThat(requests).allMatch(request -> request.program().equals("evaluate"));
        assertThat(json().at("/protocol/tasks").asInt()).isEqualTo(9);
    }

    @Test
    void aStoppedComparisonIsResumedWithTheSameResult() throws IOException {
        Signals signals = new Signals();
        Outcome stopped = compare(
                request -> {
                    if (request.program().equals("train")
                            && request.specs().get(0).round() == 3) {
                        signals.arrived("TERM");
                    }
                },
                signals);
        assertThat(stopped.code()).isEqualTo(6);
        assertThat(stopped.err()).contains("SIGTERM stopped the comparison in " + out, "resumes it");
        assertThat(out.resolve("compare.json")).doesNotExist();
        assertThat(compare().code()).isZero();
        JsonNode resumed = json().at("/differences");
        out = folder.resolve("uninterrupted");
        assertThat(compare().code()).isZero();
        assertThat(json().at("/differences")).isEqualTo(resumed);
    }

    @Test
    void aRunThatWasTrainedElsewhereIsCompared() throws IOException {
        assertThat(compare().code()).isZero();
        Path run = out.resolve("b-1");
        Files.writeString(comparison, """
                compare.runs = [ { job = tiny, name = a }, { run = "%s", name = old } ]
                evaluation { tasks = 7, steps = 2, query = 5 }
                """.formatted(run));
        Outcome outcome = compare();
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(json().at("/entrants/1/algorithm").asText()).isEqualTo("fomaml");
        assertThat(evaluated().distinct()).hasSize(1);
    }

    @Test
    void entrantsWithOtherTestTasksAreRefusedBeforeTraining() throws IOException {
        for (String other : List.of(
                "evaluation.seed=5",
                "evaluation.tasks=8",
                "evaluation.query=6",
                "evaluation.split=val",
                "sinusoid.amplitude=[1, 2]",
                "task.source=regression",
                "evaluation.steps=1")) {
            String[] parts = other.split("=", 2);
            Files.writeString(comparison, """
                    compare.runs = [ { job = tiny, name = a }, { job = tiny, name = b, set.%s = %s } ]
                    evaluation { tasks = 7, steps = 2 }
                    """.formatted(parts[0], parts[1]));
            Outcome outcome = compare();
            assertThat(outcome.code()).as(other).isEqualTo(2);
            assertThat(outcome.err().strip().lines()).hasSize(1);
            assertThat(outcome.err())
                    .contains(
                            "the entrants do not meet the same test tasks: " + parts[0] + " is ",
                            "for b and ",
                            "for a");
        }
        assertThat(requests).isEmpty();
        assertThat(out).doesNotExist();
    }

    @Test
    void trainingTasksMayDiffer() throws IOException {
        Files.writeString(comparison, """
                compare.runs = [ { job = tiny, name = a }, { job = tiny, name = b, set.task.support = 8 } ]
                evaluation { tasks = 7, steps = 2, query = 5, support = 4 }
                """);
        assertThat(compare().code()).isZero();
    }

    @Test
    void aFolderWithAnotherRunIsRefused() {
        assertThat(compare().code()).isZero();
        Outcome outcome = compare("--set", "algorithm.inner-learning-rate=0.02");
        assertThat(outcome.code()).isEqualTo(2);
        assertThat(outcome.err())
                .contains("algorithm.inner-learning-rate was 0.01 and is 0.02", "compare in another folder");
    }

    @Test
    void anEntrantThatIsNeitherJobNorRunIsBadData() throws IOException {
        Files.writeString(comparison, "compare.runs = [ tiny, nowhere/at-all ]");
        Outcome outcome = compare();
        assertThat(outcome.code()).isEqualTo(3);
        assertThat(outcome.err())
                .contains(
                        "compare.runs has nowhere/at-all, which is neither the name of a job nor the folder of a run");
    }

    @Test
    void aTimeLimitEndsEveryTrainingAsFinished() throws IOException {
        Outcome outcome = compare("--set", "compare.wall-time=300ms", "--set", "run.rounds=100000000");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        for (String run : List.of("a-1", "b-1")) {
            JsonNode status =
                    JSON.readTree(out.resolve(run).resolve("status.json").toFile());
            assertThat(status.at("/state").asText()).isEqualTo("done");
            assertThat(status.at("/message").asText()).contains("its time limit was reached");
            JsonNode manifest = JSON.readTree(
                    out.resolve(run).resolve("model/manifest.json").toFile());
            assertThat(manifest.at("/finished").asBoolean()).isTrue();
        }
        assertThat(json().at("/entrants/1/runs/0/seconds").asDouble()).isPositive();
        requests.clear();
        assertThat(compare("--set", "compare.wall-time=300ms", "--set", "run.rounds=100000000")
                        .code())
                .isZero();
        assertThat(requests).allMatch(request -> request.program().equals("evaluate"));
    }
}
