package dev.kindling.driver.training;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.aggregator.FailurePolicy;
import dev.kindling.driver.aggregator.MetaGradient;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ExecutorTimings;
import dev.kindling.driver.cluster.RoundRequest;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.error.DivergedException;
import dev.kindling.driver.metrics.RoundTimings;
import dev.kindling.driver.optimizer.MetaOptimizer;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.protocol.FailedTask;
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The outer loop of meta-training, round by round: samples the meta-batch, runs it on the cluster, aggregates the
 * meta-gradient and updates θ. Writes no files. A round that diverges leaves θ at its last finite value.
 */
public final class OuterLoop {
    private final RunSettings settings;
    private final List<Sampler> samplers;
    private final FailurePolicy failures;
    private final Aggregator aggregator;
    private final MetaOptimizer optimizer;
    private final LongFunction<String> program;
    private final Layout perTaskOutputs;
    private @Nullable RoundRequest upcoming;

    /**
     * A loop over rounds of programs of the cluster's job.
     *
     * @param samplers of the training tasks of each member of an ensemble; one where θ is a single model
     * @param program name of the program of a round, from 0
     * @param perTaskOutputs layout of its per-task outputs, the same in all rounds
     */
    public OuterLoop(
            RunSettings settings,
            List<Sampler> samplers,
            FailurePolicy failures,
            Aggregator aggregator,
            MetaOptimizer optimizer,
            LongFunction<String> program,
            Layout perTaskOutputs) {
        this.settings = settings;
        this.samplers = List.copyOf(samplers);
        this.failures = failures;
        this.aggregator = aggregator;
        this.optimizer = optimizer;
        this.program = program;
        this.perTaskOutputs = perTaskOutputs;
    }

    /**
     * Runs one round and updates θ in place.
     *
     * @param round 0-based
     * @throws DivergedException if more tasks failed than allowed, or θ would not be finite; θ is then unchanged
     */
    public TrainingListener.Round round(long round, Cluster cluster, FlatVector theta) {
        long begin = System.nanoTime();
        RoundRequest request = request(round);
        long sampled = System.nanoTime();
        RoundResult result = cluster.run(request, theta, () -> prefetch(round + 1));
        long returned = System.nanoTime();
        MetaGradient gradient = aggregator.aggregate(round, result.sum(), perTaskOutputs, added(round, result));
        FlatVector statistics = aggregator.statistics().next(gradient, theta);
        optimizer.update(round, gradient.gradient(), theta);
        aggregator.statistics().put(statistics, theta);
        return new TrainingListener.Round(
                round + 1,
                settings.rounds(),
                gradient,
                result.failed(),
                result.notices(),
                result.bytesOut(),
                result.bytesIn(),
                timings(sampled - begin, result.times(), returned - sampled, System.nanoTime() - returned));
    }

    private RoundRequest request(long round) {
        if (upcoming != null && upcoming.specs().get(0).round() == round) {
            return upcoming;
        }
        return new RoundRequest(program.apply(round), specs(round), OutputMode.SUMS);
    }

    /**
     * The tasks of a round, those of one member after those of another: members then share few blocks, and the tree over each
     * one's blocks is that of a training alone if the number of blocks is a power of two. A task's index determines its member.
     */
    private List<TaskSpec> specs(long round) {
        List<TaskSpec> specs = new ArrayList<>();
        for (int member = 0; member < samplers.size(); member++) {
            for (TaskSpec spec : samplers.get(member).round(round, settings.contributions())) {
                specs.add(spec.withIndex(spec.index() * samplers.size() + member));
            }
        }
        return specs;
    }

    /** The number of tasks that were added for each member; DivergedException if too many of one member's failed. */
    private int[] added(long round, RoundResult result) {
        int[] added = new int[samplers.size()];
        for (int member = 0; member < added.length; member++) {
            List<FailedTask> failed = new ArrayList<>();
            for (FailedTask task : result.failed()) {
                if (task.index() % added.length == member) {
                    failed.add(task);
                }
            }
            failures.accept(round, settings.contributions(), failed);
            added[member] = settings.contributions() - failed.size();
        }
        return added.length == 1 ? new int[] {result.sum().tasks()} : added;
    }

    /** The request of the round after the current one, sampled while workers are busy; empty after the last round. */
    private Optional<RoundRequest> prefetch(long round) {
        upcoming = round < settings.rounds() ? request(round) : null;
        return Optional.ofNullable(upcoming);
    }

    private static RoundTimings timings(long sample, ExecutorTimings times, long run, long optimize) {
        long known = times.materialise() + times.compute() + times.reduce() + times.communication();
        return new RoundTimings(
                sample,
                times.materialise(),
                times.compute(),
                times.reduce(),
                times.communication(),
                Math.max(0, run - known),
                optimize);
    }
}
