package dev.kindling.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.driver.checkpoint.RunDirectory;
import dev.kindling.driver.cli.CommandLineForTests.Outcome;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.LocalCluster;
import dev.kindling.driver.config.JobConfig;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.Statistics;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.run.ResolvedRun;
import dev.kindling.job.protocol.Job;
import dev.kindling.job.task.SourceDescription;
import dev.kindling.job.tensor.FlatVector;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a network's accuracy on Omniglot depends on the support labels alone: shuffled labels remove it. */
class OmniglotLabelsTest {
    private static final double CHANCE = 0.2;
    private static final Path JOB = Path.of("../conf/omniglot-fc-5w1s-maml.conf");

    @TempDir
    private Path folder;

    @Test
    @Timeout(value = 600, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void withoutAdaptationOrWithShuffledLabelsAccuracyIsChance() throws IOException {
        List<String> options = new ArrayList<>(Omniglot.beginning(240, Omniglot.folder(), folder.resolve("split")));
        for (String set : List.of("run.rounds=60", "evaluation.tasks=1000", "evaluation.steps=1")) {
            options.addAll(List.of("--set", set));
        }
        Path run = folder.resolve("run");
        List<String> args = new ArrayList<>(List.of("train", "--conf", JOB.toString(), "--out", run.toString()));
        args.addAll(options);
        Outcome outcome = CommandLineForTests.onThreads(2, args);
        assertThat(outcome.code()).as(outcome.err()).isZero();

        List<String> sets =
                options.stream().filter(option -> !option.equals("--set")).toList();
        ResolvedRun resolved = ResolvedRun.here(JobConfig.load(JOB, sets));
        TrainingPlan plan = resolved.plan();
        FlatVector theta = RunDirectory.open(run.toString(), resolved.hadoop())
                .readModel()
                .theta()
                .flat(plan.parameters(), plan.precision());
        Evaluation honest = evaluate(resolved, plan.job(), theta);
        assertThat(accuracy(honest, 1).mean()).isGreaterThan(CHANCE + 0.1);
        assertThat(accuracy(honest, 0).mean()).isCloseTo(CHANCE, within(chance(accuracy(honest, 0))));

        Evaluation shuffled = evaluate(resolved, shuffled(resolved), theta);
        assertThat(accuracy(shuffled, 1).mean()).isCloseTo(CHANCE, within(chance(accuracy(shuffled, 1))));
    }

    /** Three standard errors: the interval of 95% would exclude chance for one seed of twenty. */
    private static double chance(Statistics accuracy) {
        return 1.5 * accuracy.ci95();
    }

    private static Job shuffled(ResolvedRun resolved) {
        return TrainingPlan.of(
                        resolved.settings().plan(),
                        new SourceDescription(
                                ShuffledLabelsProvider.NAME,
                                resolved.settings().source().settings()),
                        resolved.source())
                .job();
    }

    private static Evaluation evaluate(ResolvedRun resolved, Job job, FlatVector theta) {
        try (Cluster cluster = new LocalCluster(job, resolved.hadoop(), 2)) {
            return resolved.evaluator().evaluate(cluster, theta);
        }
    }

    private static Statistics accuracy(Evaluation evaluation, int step) {
        return evaluation.steps().get(step).accuracy().orElseThrow();
    }
}
