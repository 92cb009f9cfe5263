package dev.kindling.driver.loop;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.aggregator.DivergedException;
import dev.kindling.driver.aggregator.FailurePolicy;
import dev.kindling.driver.aggregator.MetaGradient;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.optimizer.MetaOptimizer;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.task.TaskSpec;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;
import java.util.List;

/**
 * The rounds of meta-training: sample, run, aggregate, move θ, tell the listener. It owns neither files nor clocks. θ
 * always holds the last finite value: a round that diverges leaves it as it was.
 */
public final class OuterLoop {
    private final RunSettings settings;
    private final Sampler sampler;
    private final FailurePolicy failures;
    private final Aggregator aggregator;
    private final MetaOptimizer optimizer;
    private final String program;
    private final Layout totals;

    /**
     * A loop that runs a program of the cluster's job.
     *
     * @param program its name
     * @param totals its per-task outputs
     */
    public OuterLoop(
            RunSettings settings,
            Sampler sampler,
            FailurePolicy failures,
            Aggregator aggregator,
            MetaOptimizer optimizer,
            String program,
            Layout totals) {
        this.settings = settings;
        this.sampler = sampler;
        this.failures = failures;
        this.aggregator = aggregator;
        this.optimizer = optimizer;
        this.program = program;
        this.totals = totals;
    }

    /**
     * Runs one round and moves θ in place.
     *
     * @param round 0-based
     * @throws DivergedException if more tasks failed than allowed or θ would not be finite; θ is then as it was
     */
    public RoundListener.Round round(long round, Cluster cluster, Storage theta) {
        List<TaskSpec> specs = sampler.round(round, settings.tasksPerRound());
        RoundResult result = cluster.run(program, theta, specs, false);
        failures.accept(round, specs.size(), result.failed());
        MetaGradient gradient = aggregator.aggregate(round, result.root(), totals);
        optimizer.update(round, gradient.gradient(), theta);
        return new RoundListener.Round(
                round + 1, settings.rounds(), gradient, result.failed(), result.bytesOut(), result.bytesIn());
    }
}
