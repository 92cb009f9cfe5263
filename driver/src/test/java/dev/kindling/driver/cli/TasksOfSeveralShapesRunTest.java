package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.clusters.SmallImages;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.driver.storage.Tensors;
import dev.kindling.job.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests runs whose tasks have random ways and shots, on the images of {@link SmallImages}. */
@Timeout(value = 300, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TasksOfSeveralShapesRunTest {
    @TempDir
    private Path temporary;

    @BeforeEach
    void images() throws IOException {
        SmallImages.write(temporary);
    }

    private static Outcome run(int threads, List<String> args) {
        return CommandLineForTests.onThreads(threads, args);
    }

    private List<String> command(String name, String... sets) throws IOException {
        Path job = Files.writeString(temporary.resolve("job.conf"), """
                run { rounds = 6, log-every = 1, validate-every = 3, seed = 2 }
                validation.tasks = 5
                task { source = few-shot, meta-batch-size = 7, support = [1, 2], query = 2 }
                few-shot { ways = 3, data = "%s", split = "%s" }
                model.network = omniglot-fc
                algorithm { inner-learning-rate = 0.1, inner-steps = 2 }
                evaluation { tasks = 9, steps = 2 }
                """.formatted(
                        temporary.resolve("pictures.zip"), temporary.resolve("splits")));
        List<String> args = new ArrayList<>(List.of(name, "--conf", job.toString()));
        for (String set : sets) {
            args.addAll(List.of("--set", set));
        }
        return args;
    }

    private Outcome train(String out, int threads, String... sets) throws IOException {
        List<String> args = command("train", sets);
        args.addAll(List.of("--out", temporary.resolve(out).toString()));
        return run(threads, args);
    }

    private JsonNode protocol(String run) throws IOException {
        return new ObjectMapper()
                .readTree(temporary.resolve(run).resolve("evaluation.json").toFile())
                .get("protocol");
    }

    @Test
    void shotsMayVaryWithAnyNumberOfThreads() throws IOException {
        for (int threads : new int[] {1, 2, 3}) {
            Outcome outcome = train("run" + threads, threads);
            assertThat(outcome.code()).as(outcome.err()).isZero();
        }
        for (String file : List.of("model/theta.safetensors", "evaluation.json")) {
            byte[] one = Files.readAllBytes(temporary.resolve("run1").resolve(file));
            assertThat(temporary.resolve("run2").resolve(file)).hasBinaryContent(one);
            assertThat(temporary.resolve("run3").resolve(file)).hasBinaryContent(one);
        }
        assertThat(protocol("run1").get("shots").toString()).isEqualTo("[1,2]");
        assertThat(protocol("run1").get("ways").toString()).isEqualTo("3");
        assertThat(protocol("run1").get("within").asText()).isEqualTo("split");
    }

    @Test
    void aModelTrainedOnVaryingTasksIsEvaluatedOnFixedOnes() throws IOException {
        Outcome outcome = train("fixed", 2, "evaluation.support=1");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(protocol("fixed").get("shots").toString()).isEqualTo("1");
        Path theta = temporary.resolve("fixed/model/theta.safetensors");
        byte[] before = Files.readAllBytes(theta);
        String run = temporary.resolve("fixed").toString();
        Outcome more = run(1, List.of("evaluate", "--out", run, "--set", "evaluation.support=[1, 2]"));
        assertThat(more.code()).as(more.err()).isZero();
        assertThat(protocol("fixed").get("shots").toString()).isEqualTo("[1,2]");
        assertThat(theta).hasBinaryContent(before);
        Outcome longer = run(1, List.of("train", "--resume", "--out", run, "--set", "run.rounds=8"));
        assertThat(longer.code()).as(longer.err()).isZero();
        Outcome whole = train("whole", 1, "evaluation.support=1", "run.rounds=8");
        assertThat(whole.code()).as(whole.err()).isZero();
        assertThat(theta).hasSameBinaryContentAs(temporary.resolve("whole/model/theta.safetensors"));
    }

    @Test
    void checkPassesOnATaskInItsShape() throws IOException {
        Set<Integer> supports = new TreeSet<>();
        for (int seed = 1; seed <= 9 && supports.size() < 2; seed++) {
            Path dump = temporary.resolve("dump" + seed);
            List<String> args = command("check", "run.seed=" + seed, "model.network=mlp-20-tanh");
            args.addAll(List.of("--dump", dump.toString()));
            Outcome outcome = run(1, args);
            assertThat(outcome.code()).as(outcome.err() + outcome.out()).isZero();
            assertThat(outcome.out()).contains("passed: the meta-gradient is the exact derivative");
            Tensors episode = Safetensors.decode(Files.readAllBytes(dump.resolve("episode.safetensors")), "episode");
            supports.add(episode.arrays().get("support.y").shape().dim(0));
            assertThat(episode.arrays().get("query.y").shape()).isEqualTo(Shape.of(6));
        }
        assertThat(supports).containsExactly(3, 6);
    }

    @Test
    void statisticsForDeeplearning4jAreComputedFromEpisodesOfAllShapes() throws IOException {
        Outcome outcome = train("run", 1, "model.network=conv4", "run.rounds=1");
        assertThat(outcome.code()).as(outcome.err()).isZero();
        String to = temporary.resolve("run.zip").toString();
        Outcome exported = run(
                1,
                List.of(
                        "export",
                        "--out",
                        temporary.resolve("run").toString(),
                        "--format",
                        "dl4j",
                        "--to",
                        to,
                        "--episodes",
                        "20"));
        assertThat(exported.code()).as(exported.err()).isZero();
        assertThat(Path.of(to)).isNotEmptyFile();
    }

    @Test
    void anOutputLayerOfFixedWidthRefusesVaryingWays() throws IOException {
        Outcome ways = train("ways", 1, "few-shot.ways=[2, 3]");
        assertThat(ways.code()).isEqualTo(2);
        assertThat(ways.err())
                .startsWith("few-shot.ways is [2, 3]; it must be one number, the same in training and evaluation, for "
                        + "omniglot-fc with maml learns an output layer of that width: 12_W would be [64, 3] for one "
                        + "task and [64, 2] for another")
                .hasLineCount(1);
        assertThat(temporary.resolve("ways")).doesNotExist();
        Outcome others = train("others", 1, "evaluation.ways=2");
        assertThat(others.code()).isEqualTo(2);
        assertThat(others.err())
                .startsWith("few-shot.ways is 3 and evaluation.ways is 2; it must be one number")
                .hasLineCount(1);
        Outcome sinusoids = train("sinusoids", 1, "task.source=sinusoid");
        assertThat(sinusoids.code()).isEqualTo(2);
        assertThat(sinusoids.err())
                .contains("task.support is [1, 2]; for task.source = sinusoid it must be one number");
    }
}
