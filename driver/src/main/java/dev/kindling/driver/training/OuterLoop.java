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
import dev.kindling.job.protocol.OutputMode;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The rounds of meta-training: sample, run, aggregate, move θ, tell the listener. It owns no files. θ
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
    private @Nullable RoundRequest upcoming;

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
    public TrainingListener.Round round(long round, Cluster cluster, FlatVector theta) {
        long begin = System.nanoTime();
        RoundRequest request = request(round);
        long sampled = System.nanoTime();
        RoundResult result = cluster.run(request, theta, () -> ahead(round + 1));
        long returned = System.nanoTime();
        failures.accept(round, request.specs().size(), result.failed());
        MetaGradient gradient = aggregator.aggregate(round, result.sum(), totals);
        FlatVector followed = aggregator.statistics().next(gradient, theta);
        optimizer.update(round, gradient.gradient(), theta);
        aggregator.statistics().put(followed, theta);
        return new TrainingListener.Round(
                round + 1,
                settings.rounds(),
                gradient,
                result.failed(),
                result.notices(),
                result.bytesOut(),
                result.bytesIn(),
                split(sampled - begin, result.times(), returned - sampled, System.nanoTime() - returned));
    }

    private RoundRequest request(long round) {
        if (upcoming != null && upcoming.specs().get(0).round() == round) {
            return upcoming;
        }
        return new RoundRequest(program, sampler.round(round, settings.contributions()), OutputMode.SUMS);
    }

    /** The request of the round after the one that is running: sampled while workers are busy. */
    private Optional<RoundRequest> ahead(long round) {
        upcoming = round < settings.rounds() ? request(round) : null;
        return Optional.ofNullable(upcoming);
    }

    private static RoundTimings split(long sample, ExecutorTimings times, long run, long optimize) {
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
