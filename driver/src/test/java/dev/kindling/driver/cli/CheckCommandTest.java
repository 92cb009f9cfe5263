package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.driver.storage.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests the {@code check} command. */
class CheckCommandTest {
    @TempDir
    private Path folder;

    @Test
    void theModelOfARunIsCheckedOnTheRequestedTasks() throws IOException {
        TinyRun run = TinyRun.in(folder, "run", "algorithm.inner-steps=2");
        assertThat(run.train().code()).isZero();
        Path dump = folder.resolve("dump");
        Outcome outcome = check(
                "--out",
                run.folder().toString(),
                "--split",
                "test",
                "--round",
                "3",
                "--task",
                "1",
                "--tasks",
                "2",
                "--dump",
                dump.toString());
        assertThat(outcome.code()).as(outcome.out() + outcome.err()).isZero();
        assertThat(outcome.out())
                .contains("task 1, passed: the losses are those of adaptation step by step")
                .contains("task 2, passed: the meta-gradient is the exact derivative")
                .containsOnlyOnce("passed: splits disjoint")
                .doesNotContain("θ moves");
        Path first = dump.resolve("task-1");
        JsonNode json = new ObjectMapper().readTree(first.resolve("check.json").toFile());
        assertThat(json.at("/task/round").asInt()).isEqualTo(3);
        assertThat(json.at("/task/key")).hasSize(2);
        assertThat(json.at("/objective").asDouble())
                .isEqualTo(json.at("/query_loss").asDouble());
        assertThat(json.at("/configuration/algorithm/inner-steps").asInt()).isEqualTo(2);
        assertThat(json.at("/checks/0/verdict").asText()).isEqualTo("passed");
        assertThat(tensors(first, "adapted").layout().names()).contains("step-0.0_W", "step-2.1_b");
        assertThat(tensors(first, "predictions").layout().shape("output").dim(0))
                .isEqualTo(5);
        assertThat(Files.readAllBytes(first.resolve("episode.safetensors")))
                .isNotEqualTo(Files.readAllBytes(dump.resolve("task-2/episode.safetensors")));
    }

    /** Test tasks have other shapes here; only training tasks change θ. */
    @Test
    void theCheckThatThetaChangesUsesTrainingTasks() {
        TinyRun run = TinyRun.in(folder, "run");
        assertThat(run.train().code()).isZero();
        Outcome outcome = check("--out", run.folder().toString());
        assertThat(outcome.code()).as(outcome.out() + outcome.err()).isZero();
        assertThat(outcome.out()).contains("passed: θ moves");
    }

    private static Tensors tensors(Path folder, String name) throws IOException {
        String file = name + ".safetensors";
        return Safetensors.decode(Files.readAllBytes(folder.resolve(file)), file);
    }

    @Test
    void invalidTaskChoicesAreRefused() {
        for (List<String> wrong : List.of(
                List.of("--split", "all"),
                List.of("--tasks", "0"),
                List.of("--task", "-1"),
                List.of("--round", "-2"))) {
            List<String> args = new ArrayList<>(List.of("--conf", "../conf/sinusoid-maml.conf"));
            args.addAll(wrong);
            Outcome outcome = check(args.toArray(String[]::new));
            assertThat(outcome.code()).as(wrong.toString()).isEqualTo(2);
            assertThat(outcome.err()).contains(wrong.get(0) + " is " + wrong.get(1));
        }
    }

    /** Regression test: the second seed once failed with "order 0", from finite differences across kinks of rectifiers. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void correctGradientsOfRectifierNetworksPass(int seed) throws IOException {
        Outcome outcome = onOmniglot(
                "omniglot-fc-5w1s-maml", "run.seed=" + seed, "algorithm.inner-steps=3", "task.meta-batch-size=2");
        assertThat(outcome.code()).as(outcome.out() + outcome.err()).isZero();
        assertThat(outcome.out()).contains("found order 2");
    }

    /** Regression test: two unrolled steps had a zero gradient for kernels in the second step, and the check passed. */
    @Test
    void twoStepsOnConvolutionsEqualTheReference() throws IOException {
        Outcome outcome = onOmniglot(
                "omniglot-conv4-5w1s-maml",
                "algorithm.inner-steps=2",
                "algorithm.inner-learning-rate=0.1",
                "task.query=2",
                "task.meta-batch-size=2");
        assertThat(outcome.code()).as(outcome.out() + outcome.err()).isZero();
        assertThat(outcome.out()).contains("passed: the losses are those of adaptation step by step", "found order 2");
    }

    private Outcome onOmniglot(String job, String... settings) throws IOException {
        List<String> args = new ArrayList<>(List.of("--conf", "../conf/" + job + ".conf"));
        args.addAll(Omniglot.beginning(40, Omniglot.folder(), folder.resolve("split")));
        for (String setting : settings) {
            args.addAll(List.of("--set", setting));
        }
        return check(args.toArray(String[]::new));
    }

    private static Outcome check(String... options) {
        List<String> args = new ArrayList<>(List.of("check"));
        args.addAll(List.of(options));
        return CommandLineForTests.onThreads(1, args);
    }
}
