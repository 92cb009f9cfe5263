package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests that changes to a run's {@code config.conf}, which no checksum covers, are detected, and that an evaluation
 * records the configuration it used.
 */
class ChangedConfigurationTest {
    @TempDir
    private Path temporary;

    private TinyRun run;

    @BeforeEach
    void train() {
        run = TinyRun.in(temporary, "run", "run.rounds=4", "algorithm.inner-learning-rate=0.01");
        assertThat(run.train().code()).isZero();
    }

    private void change(String from, String to) throws IOException {
        String text = Files.readString(run.file("config.conf"));
        assertThat(text).contains(from);
        Files.writeString(run.file("config.conf"), text.replace(from, to));
    }

    private Outcome command(String name, String... more) {
        List<String> args = new ArrayList<>(List.of(name, "--out", run.folder().toString()));
        args.addAll(List.of(more));
        return CommandLineForTests.onThreads(1, args);
    }

    private void refused(Outcome outcome) {
        assertThat(outcome.code()).as(outcome.err()).isEqualTo(3);
        assertThat(outcome.err())
                .isEqualTo(run.file("config.conf")
                        + " was changed after the run: algorithm.inner-learning-rate was 0.01 and is 0.09;"
                        + " restore it, or give evaluate another value with --set\n");
    }

    @Test
    void everyCommandRefusesAChangedConfiguration() throws IOException {
        byte[] evaluation = Files.readAllBytes(run.file("evaluation.json"));
        change("inner-learning-rate=0.01", "inner-learning-rate=0.09");
        refused(command("evaluate"));
        refused(command("evaluate", "--set", "evaluation.tasks=3"));
        refused(command("report"));
        refused(command(
                "export",
                "--format",
                "dl4j",
                "--to",
                temporary.resolve("model.zip").toString()));
        refused(command("train", "--resume"));
        refused(run.train("--resume"));
        Path comparison = temporary.resolve("compare.conf");
        Files.writeString(comparison, "compare.runs = [\"" + run.folder() + "\", sinusoid-random]");
        refused(CommandLineForTests.onThreads(
                1,
                List.of(
                        "compare",
                        "--conf",
                        comparison.toString(),
                        "--out",
                        temporary.resolve("comparison").toString())));
        assertThat(run.file("evaluation.json")).hasBinaryContent(evaluation);
    }

    @Test
    void aDamagedConfigurationIsBadDataWhateverElseIsGiven() throws IOException {
        Files.writeString(run.file("config.conf"), "run { rounds = ");
        for (String[] more :
                new String[][] {{}, {"--conf", "../conf/sinusoid-maml.conf"}, {"--set", "evaluation.tasks=3"}}) {
            Outcome outcome = command("evaluate", more);
            assertThat(outcome.err()).startsWith(run.file("config.conf") + " is damaged: ");
            assertThat(outcome.code()).isEqualTo(3);
        }
    }

    @Test
    void withoutAModelTheConfigurationIsComparedWithTheCheckpoints() throws IOException {
        run = TinyRun.in(temporary, "stopped", "algorithm.inner-learning-rate=0.01");
        assertThat(run.stoppedIn(6).code()).isEqualTo(6);
        try (Stream<Path> model = Files.walk(run.file("model"))) {
            model.sorted(Comparator.reverseOrder())
                    .forEach(path -> path.toFile().delete());
        }
        change("inner-learning-rate=0.01", "inner-learning-rate=0.09");
        refused(command("train", "--resume"));
    }

    @Test
    void keysWithoutEffectOnResultsMayBeChanged() throws IOException {
        change("log-every=3", "log-every=7");
        assertThat(command("evaluate").code()).isZero();
        assertThat(command("report").code()).isZero();
    }

    @Test
    void anEvaluationRecordsItsConfiguration() throws IOException {
        JsonNode trained = run.json("evaluation.json");
        assertThat(trained.at("/settings/algorithm/inner-learning-rate").asDouble())
                .isEqualTo(0.01);
        assertThat(trained.at("/settings/model/network").asText()).isEqualTo("mlp-40-tanh");
        assertThat(trained.at("/settings/sinusoid/amplitude")).hasSize(2);
        assertThat(trained.at("/settings/backend/precision").asText()).isEqualTo("float");
        assertThat(trained.at("/settings/cluster").isMissingNode()).isTrue();
        assertThat(trained.at("/provenance/rounds").asInt()).isEqualTo(4);
        JsonNode manifest = run.json("model/manifest.json");
        assertThat(trained.at("/provenance/theta_sha256").asText())
                .isEqualTo(DigestUtils.sha256Hex(Files.readAllBytes(run.file("model/theta.safetensors"))))
                .isEqualTo(manifest.at("/files/theta.safetensors/sha256").asText());
        assertThat(trained.at("/provenance/program_hash")).isEqualTo(manifest.at("/provenance/program_hash"));
        byte[] evaluation = Files.readAllBytes(run.file("evaluation.json"));
        assertThat(command("evaluate").code()).isZero();
        assertThat(run.file("evaluation.json")).hasBinaryContent(evaluation);

        assertThat(command(
                                "evaluate",
                                "--set",
                                "evaluation.tasks=3",
                                "--set",
                                "algorithm.inner-learning-rate=0.02",
                                "--set",
                                "backend.precision=double")
                        .code())
                .isZero();
        JsonNode other = run.json("evaluation.json");
        assertThat(other.at("/settings/algorithm/inner-learning-rate").asDouble())
                .isEqualTo(0.02);
        assertThat(other.at("/settings/evaluation/tasks").asInt()).isEqualTo(3);
        assertThat(other.at("/settings/backend/precision").asText()).isEqualTo("double");
        assertThat(other.at("/provenance/theta_sha256")).isEqualTo(trained.at("/provenance/theta_sha256"));
        assertThat(other.at("/provenance/program_hash")).isNotEqualTo(trained.at("/provenance/program_hash"));
    }
}
