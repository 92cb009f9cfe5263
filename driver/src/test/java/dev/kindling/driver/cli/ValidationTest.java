package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests validation during training. */
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ValidationTest {
    /** A learning rate so high that θ sometimes gets worse. */
    private static final String FAST = "optimizer.learning-rate=0.3";

    @TempDir
    private Path temporary;

    /** The loss of each validation by its round. */
    private static NavigableMap<Integer, Double> losses(TinyRun run) throws IOException {
        NavigableMap<Integer, Double> losses = new TreeMap<>();
        for (String line : Files.readAllLines(run.file("metrics.jsonl"))) {
            JsonNode json = new ObjectMapper().readTree(line);
            if (json.has("validation_loss")) {
                losses.put(
                        json.get("round").asInt(), json.get("validation_loss").asDouble());
            }
        }
        return losses;
    }

    private static int best(NavigableMap<Integer, Double> losses) {
        return losses.entrySet().stream()
                .min(Comparator.comparingDouble(Map.Entry::getValue))
                .orElseThrow()
                .getKey();
    }

    @Test
    void theModelIsTheOneWithTheBestValidation() throws IOException {
        TinyRun run = TinyRun.in(temporary, "run", FAST, "run.validate-every=4", "run.checkpoint-every=0");
        Outcome outcome = run.train();
        assertThat(outcome.code()).as(outcome.err()).isZero();
        NavigableMap<Integer, Double> losses = losses(run);
        assertThat(losses).containsOnlyKeys(4, 8, 12, 16, 20, 24);
        assertThat(outcome.out()).contains("validation after round 8: loss ");
        int best = best(losses);
        assertThat(best).as("otherwise this test shows nothing").isLessThan(24);
        assertThat(run.json("model/manifest.json").at("/rounds").asInt()).isEqualTo(best);
        assertThat(run.json("model/manifest.json").at("/finished").asBoolean()).isTrue();
        // A run that ends there without validation leaves the same θ.
        TinyRun shorter = TinyRun.in(temporary, "shorter", FAST, "run.rounds=" + best);
        assertThat(shorter.train().code()).isZero();
        assertThat(run.file("model/theta.safetensors")).hasSameBinaryContentAs(shorter.file("model/theta.safetensors"));
        for (String part : List.of("/protocol", "/steps", "/provenance/theta_sha256")) {
            assertThat(run.json("evaluation.json").at(part))
                    .isEqualTo(shorter.json("evaluation.json").at(part));
        }
        assertThat(run.file("checkpoints/00000024/best.safetensors"))
                .hasSameBinaryContentAs(
                        shorter.file("checkpoints/" + String.format("%08d", best) + "/theta.safetensors"));
    }

    @Test
    void validationDoesNotChangeTheRounds() throws IOException {
        TinyRun with = TinyRun.in(temporary, "with", "run.validate-every=5");
        assertThat(with.train().code()).isZero();
        TinyRun without = TinyRun.in(temporary, "without");
        assertThat(without.train().code()).isZero();
        assertThat(with.file("checkpoints/00000024/theta.safetensors"))
                .hasSameBinaryContentAs(without.file("checkpoints/00000024/theta.safetensors"));
        assertThat(without.file("checkpoints/00000024/best.safetensors")).doesNotExist();
        assertThat(losses(without)).isEmpty();
    }

    @Test
    void exhaustedPatienceEndsARunAsDone() throws IOException {
        TinyRun run = TinyRun.in(
                temporary,
                "run",
                FAST,
                "run.rounds=400",
                "run.validate-every=2",
                "run.patience=3",
                "run.log-every=100");
        Outcome outcome = run.train();
        assertThat(outcome.code()).as(outcome.err()).isZero();
        NavigableMap<Integer, Double> losses = losses(run);
        int last = losses.lastKey();
        assertThat(last).isLessThan(400).isEqualTo(best(losses) + 6);
        assertThat(run.json("status.json").at("/state").asText()).isEqualTo("done");
        assertThat(run.json("status.json").at("/round").asInt()).isEqualTo(last);
        assertThat(run.json("status.json").at("/message").asText()).contains("after " + last + " rounds");
        assertThat(run.json("model/manifest.json").at("/rounds").asInt()).isEqualTo(best(losses));
        Outcome again = run.train("--resume");
        assertThat(again.code()).isZero();
        assertThat(again.out()).contains("is finished: " + last + " rounds");
    }

    @Test
    void patienceIsStoredInCheckpoints() throws IOException {
        String[] sets = {FAST, "run.rounds=400", "run.validate-every=2", "run.patience=3"};
        TinyRun uninterrupted = TinyRun.in(temporary, "uninterrupted", sets);
        assertThat(uninterrupted.train().code()).isZero();
        int best = best(losses(uninterrupted));
        TinyRun run = TinyRun.in(temporary, "run", sets);
        assertThat(run.stoppedIn(best + 3).code()).isEqualTo(6);
        assertThat(run.train("--resume").code()).isZero();
        run.assertSameAs(uninterrupted);
    }

    @Test
    void validationAlwaysUsesTheSameSeparateTasks() {
        TinyRun run = TinyRun.in(temporary, "run", "run.validate-every=8", "evaluation.split=val");
        List<RoundRequest> validations = new ArrayList<>();
        List<TaskSpec> evaluated = new ArrayList<>();
        Outcome outcome = run.watched(
                request -> {
                    if (request.program().equals("validate")) {
                        validations.add(request);
                    } else if (request.program().equals("evaluate")) {
                        evaluated.addAll(request.specs());
                    }
                },
                new Signals());
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(validations).hasSize(3);
        List<TaskSpec> first = validations.get(0).specs();
        assertThat(first).hasSize(5).allMatch(spec -> spec.split() == Split.VALIDATE);
        assertThat(validations)
                .allSatisfy(one -> assertThat(one.specs().stream().map(TaskSpec::seed))
                        .containsExactlyElementsOf(
                                first.stream().map(TaskSpec::seed).toList()));
        assertThat(evaluated.stream().map(TaskSpec::seed))
                .doesNotContainAnyElementsOf(first.stream().map(TaskSpec::seed).toList());
    }
}
