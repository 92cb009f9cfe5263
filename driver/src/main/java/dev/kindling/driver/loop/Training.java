package dev.kindling.driver.loop;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.aggregator.DivergedException;
import dev.kindling.driver.aggregator.FailurePolicy;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.Evaluator;
import dev.kindling.driver.optimizer.MetaOptimizer;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.driver.plan.Plan;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.Storage;

/** One run from untrained parameters to an evaluated model. */
public final class Training {
    /**
     * What a run is made of.
     *
     * @param settings how long it is
     * @param plan what it computes
     * @param source where its tasks come from
     * @param failures what failed tasks mean
     * @param aggregator from a round's root to its meta-gradient
     * @param optimizer the meta-optimizer and its rate
     * @param evaluator of the model at the end
     */
    public record Parts(
            RunSettings settings,
            Plan plan,
            TaskSource source,
            FailurePolicy failures,
            Aggregator aggregator,
            OptimizerSettings optimizer,
            Evaluator evaluator) {}

    /** The meta-trained model and the untrained one on the same tasks. */
    public record Result(Evaluation trained, Evaluation untrained) {}

    private final Parts parts;
    private final OuterLoop loop;
    private final Storage theta;

    /** A run that has not begun. */
    public Training(Parts parts) {
        this.parts = parts;
        RunSettings settings = parts.settings();
        Plan plan = parts.plan();
        this.theta = plan.untrained(settings.seed());
        this.loop = new OuterLoop(
                settings,
                new Sampler(parts.source(), settings.seed(), Purpose.TRAIN),
                parts.failures(),
                parts.aggregator(),
                new MetaOptimizer(parts.optimizer(), settings.rounds(), plan.precision(), theta.size()),
                Plan.TRAIN,
                plan.trainingMeasures());
    }

    /**
     * Runs all rounds, records the model, and evaluates it beside the untrained one.
     *
     * @param watcher is told of each round after the record
     * @throws DivergedException if training diverged; the last good θ is then recorded as an unfinished model
     */
    public Result run(Cluster cluster, RunRecord record, RoundListener watcher) {
        rounds(cluster, record, watcher);
        record.model(theta, parts.settings().rounds(), RunRecord.Progress.FINISHED);
        Evaluation trained = parts.evaluator().evaluate(cluster, theta);
        record.evaluation(trained);
        Storage untrained = parts.plan().untrained(parts.settings().seed());
        return new Result(trained, parts.evaluator().evaluate(cluster, untrained));
    }

    private void rounds(Cluster cluster, RunRecord record, RoundListener watcher) {
        for (long round = 0; round < parts.settings().rounds(); round++) {
            try {
                RoundListener.Round done = loop.round(round, cluster, theta);
                record.done(done);
                watcher.done(done);
            } catch (DivergedException e) {
                record.model(theta, round, RunRecord.Progress.UNFINISHED);
                throw e;
            }
        }
    }
}
