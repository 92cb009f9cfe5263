package dev.kindling.driver.loop;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.aggregator.DivergedException;
import dev.kindling.driver.aggregator.FailurePolicy;
import dev.kindling.driver.aggregator.MetaGradient;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.Request;
import dev.kindling.driver.cluster.RoundResult;
import dev.kindling.driver.cluster.RoundTimes;
import dev.kindling.driver.metrics.TimeSplit;
import dev.kindling.driver.optimizer.MetaOptimizer;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;
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
    private @Nullable Request upcoming;

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
        long begin = System.nanoTime();
        Request request = request(round);
        long sampled = System.nanoTime();
        RoundResult result = cluster.run(request, theta, () -> ahead(round + 1));
        long returned = System.nanoTime();
        failures.accept(round, request.specs().size(), result.failed());
        MetaGradient gradient = aggregator.aggregate(round, result.root(), totals);
        Storage followed = aggregator.statistics().next(gradient, theta);
        optimizer.update(round, gradient.gradient(), theta);
        aggregator.statistics().put(followed, theta);
        return new RoundListener.Round(
                round + 1,
                settings.rounds(),
                gradient,
                result.failed(),
                result.notices(),
                result.bytesOut(),
                result.bytesIn(),
                split(sampled - begin, result.times(), returned - sampled, System.nanoTime() - returned));
    }

    private Request request(long round) {
        if (upcoming != null && upcoming.specs().get(0).round() == round) {
            return upcoming;
        }
        return new Request(program, sampler.round(round, settings.contributions()), false);
    }

    /** The request of the round after the one that is running: sampled while workers are busy. */
    private Optional<Request> ahead(long round) {
        upcoming = round < settings.rounds() ? request(round) : null;
        return Optional.ofNullable(upcoming);
    }

    private static TimeSplit split(long sample, RoundTimes times, long run, long optimize) {
        long known = times.materialise() + times.compute() + times.fold() + times.wire();
        return new TimeSplit(
                sample,
                times.materialise(),
                times.compute(),
                times.fold(),
                times.wire(),
                Math.max(0, run - known),
                optimize);
    }
}
