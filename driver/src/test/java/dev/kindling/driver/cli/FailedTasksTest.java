package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.driver.storage.Safetensors;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.reduce.PartialSum;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests complete runs in which the squared errors of some tasks exceed the range of a float. */
class FailedTasksTest {
    private static final int TASKS = 13;
    private static final double RATE = 1e-20;
    private static final Path JOB = Path.of("../conf/sinusoid-maml.conf");

    private static final List<String> SETS = List.of(
            "task.meta-batch-size=" + TASKS,
            "sinusoid.amplitude=[1, 1.6e19]",
            "model.network=mlp-40-tanh",
            // The inner step of an error of 1e19 at a usual rate would make every task fail.
            "algorithm.inner-learning-rate=1e-30",
            "optimizer={name = sgd, learning-rate = " + RATE + "}",
            "evaluation={tasks = 2, steps = 1}");

    private final ResolvedRun resolved = ResolvedRun.here(JobConfig.load(JOB, SETS));

    @TempDir
    private Path folder;

    @Test
    void aFailedTaskIsNamedAndExcludedFromTheMean() throws IOException {
        List<TaskSpec> specs = round(0);
        List<TaskSpec> good = specs.stream().filter(spec -> !overflows(spec)).toList();
        assertThat(good).as("a round with tasks of both kinds").hasSizeBetween(TASKS / 2, TASKS - 1);
        Path run = folder.resolve("run");
        Outcome outcome = train(run, 1, 1);
        assertThat(outcome.code()).as(outcome.err()).isZero();
        assertThat(outcome.out().lines().filter(line -> line.startsWith("left out")))
                .hasSize(TASKS - good.size())
                .allMatch(line -> line.endsWith("_loss is Infinity"));
        assertThat(specs)
                .filteredOn(FailedTasksTest.this::overflows)
                .allSatisfy(spec -> assertThat(outcome.out()).contains("left out " + spec + ": "));
        JsonNode metrics =
                new ObjectMapper().readTree(run.resolve("metrics.jsonl").toFile());
        assertThat(metrics.toString()).contains(":" + good.size()).contains(":" + (TASKS - good.size()));

        double[] expected = movedBy(good);
        double[] moved = theta(run).toDoubles();
        double[] before = resolved.plan().untrained(seed(), resolved.source()).toDoubles();
        assertThat(moved).isNotEqualTo(before);
        for (int i = 0; i < moved.length; i++) {
            assertThat(moved[i]).isCloseTo(expected[i], within(1e-6));
        }
        assertThat(largestDifference(expected, before))
                .as("the step that is compared")
                .isGreaterThan(1e-3);
    }

    @Test
    void aboveTheLimitTheRunEndsWithFourAndTheLastFiniteModel() throws IOException {
        long allowed = failures(0);
        long stop = LongStream.range(1, 100)
                .filter(round -> failures(round) > allowed)
                .findFirst()
                .orElseThrow();
        double limit = (allowed + 0.5) / TASKS;
        Path run = folder.resolve("stopped");
        Outcome outcome = train(run, stop + 5, limit);
        assertThat(outcome.code()).isEqualTo(4);
        TaskSpec first =
                round(stop).stream().filter(this::overflows).findFirst().orElseThrow();
        assertThat(outcome.err()).startsWith(first + " failed (").contains("_loss is Infinity");
        JsonNode manifest =
                new ObjectMapper().readTree(run.resolve("model/manifest.json").toFile());
        assertThat(manifest.at("/finished").asBoolean(true)).isFalse();
        assertThat(manifest.at("/rounds").asLong()).isEqualTo(stop);
        // The run that ends before the bad round has the same model.
        Path shorter = folder.resolve("shorter");
        assertThat(train(shorter, stop, limit).code()).isZero();
        assertThat(theta(run))
                .isEqualTo(theta(shorter))
                .isNotEqualTo(resolved.plan().untrained(seed(), resolved.source()));
    }

    private Outcome train(Path run, long rounds, double limit) {
        List<String> args = new ArrayList<>(List.of("train", "--conf", JOB.toString(), "--out", run.toString()));
        SETS.forEach(set -> args.addAll(List.of("--set", set)));
        args.addAll(List.of("--set", "run.rounds=" + rounds, "--set", "task.failure-limit=" + limit));
        return CommandLineForTests.onThreads(1, args);
    }

    private long seed() {
        return resolved.settings().run().seed();
    }

    private List<TaskSpec> round(long round) {
        return new Sampler(resolved.source(), seed(), Split.TRAIN).round(round, TASKS);
    }

    private long failures(long round) {
        return round(round).stream().filter(this::overflows).count();
    }

    /** Whether the squares of a set's targets overflow a float; the network's output is negligible compared with them. */
    private boolean overflows(TaskSpec spec) {
        Layout arrays = resolved.source().layout(Split.TRAIN).arrays();
        FlatVector episode = FlatVector.zeros(Precision.DOUBLE, arrays.size());
        resolved.source().materialise(spec, episode, 0);
        return List.of(EpisodeLayout.SUPPORT_Y, EpisodeLayout.QUERY_Y).stream().anyMatch(name -> {
            double squares = 0;
            for (int i = 0; i < arrays.shape(name).size(); i++) {
                double y = episode.at(arrays.offset(name) + i);
                squares += y * y;
            }
            return squares > Float.MAX_VALUE;
        });
    }

    /** θ after a round of the given tasks alone. */
    private double[] movedBy(List<TaskSpec> specs) {
        TrainingPlan plan = resolved.plan();
        FlatVector theta = plan.untrained(seed(), resolved.source());
        try (Cluster cluster = new LocalCluster(plan.job(), resolved.hadoop(), 1)) {
            PartialSum root = cluster.run(new RoundRequest(TrainingPlan.TRAIN, specs, OutputMode.SUMS), theta)
                    .sum();
            assertThat(root.tasks()).isEqualTo(specs.size());
            double[] moved = theta.toDoubles();
            for (int i = 0; i < moved.length; i++) {
                moved[i] -= RATE * root.sums().at(i) / specs.size();
            }
            return moved;
        }
    }

    private static double largestDifference(double[] a, double[] b) {
        double largest = 0;
        for (int i = 0; i < a.length; i++) {
            largest = Math.max(largest, Math.abs(a[i] - b[i]));
        }
        return largest;
    }

    private FlatVector theta(Path run) throws IOException {
        Path file = run.resolve("model/theta.safetensors");
        return Safetensors.decode(Files.readAllBytes(file), file.toString())
                .flat(resolved.plan().parameters(), Precision.FLOAT);
    }
}
