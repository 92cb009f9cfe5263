package dev.kindling.driver.loop;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.aggregator.DivergedException;
import dev.kindling.driver.aggregator.FailurePolicy;
import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.cluster.ClusterException;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.Evaluator;
import dev.kindling.driver.optimizer.MetaOptimizer;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.driver.plan.Plan;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.task.BadDataException;
import dev.kindling.job.task.Purpose;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.Storage;
import java.util.Optional;

/**
 * One run from untrained parameters, or from a checkpoint, to an evaluated model.
 *
 * <p>A round and the validation after it are one step: where either breaks off, the run stands where it stood before.
 */
public final class Training {
    /**
     * What a run is made of.
     *
     * @param settings how long it is
     * @param checkpoints when it writes down where it stands
     * @param plan what it computes
     * @param source where its tasks come from
     * @param failures what failed tasks mean
     * @param aggregator from a round's root to its meta-gradient
     * @param optimizer the meta-optimizer and its rate
     * @param validator of θ on the way; empty where the run does not validate
     * @param evaluator of the model at the end
     */
    public record Parts(
            RunSettings settings,
            CheckpointSettings checkpoints,
            Plan plan,
            TaskSource source,
            FailurePolicy failures,
            Aggregator aggregator,
            OptimizerSettings optimizer,
            Optional<Validator> validator,
            Evaluator evaluator) {}

    /** The meta-trained model and the untrained one on the same tasks. */
    public record Result(Evaluation trained, Evaluation untrained) {}

    private final Parts parts;
    private final OuterLoop loop;
    private final MetaOptimizer optimizer;
    private final Storage theta;
    private long done;
    private long recorded;
    private double seconds;
    private Optional<Best> best = Optional.empty();

    /** A run that has not begun. */
    public Training(Parts parts) {
        this.parts = parts;
        RunSettings settings = parts.settings();
        Plan plan = parts.plan();
        this.theta = plan.untrained(settings.seed());
        this.optimizer = new MetaOptimizer(parts.optimizer(), settings.rounds(), plan.precision(), theta.size());
        this.loop = new OuterLoop(
                settings,
                new Sampler(parts.source(), settings.seed(), Purpose.TRAIN),
                parts.failures(),
                parts.aggregator(),
                optimizer,
                Plan.TRAIN,
                plan.trainingMeasures());
    }

    /**
     * Takes up a run where a checkpoint left it.
     *
     * @throws BadDataException if the checkpoint belongs to another model or meta-optimizer
     */
    public void resume(Checkpoint checkpoint) {
        try {
            restore(TrainingState.of(
                    checkpoint, parts.plan().parameters(), parts.plan().precision()));
        } catch (IllegalArgumentException e) {
            throw new BadDataException(checkpoint.optimizer().file() + " does not fit the run: " + e.getMessage(), e);
        }
        recorded = done;
        seconds = checkpoint.position().seconds();
    }

    /** How many rounds are done. */
    public long rounds() {
        return done;
    }

    /** Whether no round is left: all are done, the time is over, or validation found nothing better for long enough. */
    public boolean isTrained() {
        return done >= parts.settings().rounds() || isOutOfTime() || isExhausted();
    }

    /** Whether the run has had the time that it was given; it then has at least one round. */
    public boolean isOutOfTime() {
        return done > 0 && parts.settings().isOverAfter(seconds);
    }

    /** Whether validation has found nothing better for so long that training ends. */
    public boolean isExhausted() {
        return parts.validator()
                .flatMap(validator -> best.map(found -> validator.settings().isExhaustedBy(found.waited())))
                .orElse(false);
    }

    /**
     * Runs the rounds that are left, records the model, and evaluates it beside the untrained one.
     *
     * @param record where all of it is written down
     * @param watcher is told of each round after the record
     * @param stop is asked after each round
     * @throws DivergedException if training diverged; the last good θ is then recorded as an unfinished model
     * @throws StoppedEarlyException if it was asked to stop; the run can be resumed
     */
    public Result run(Cluster cluster, RunRecord record, RoundListener watcher, Stop stop) {
        while (!isTrained()) {
            refuseIfStopped(record, stop);
            step(cluster, record, watcher, stop);
        }
        recordCheckpoint(record);
        record.model(chosen(), chosenRound(), RunRecord.Progress.FINISHED);
        refuseIfStopped(record, stop);
        return evaluate(cluster, record, stop);
    }

    private Storage chosen() {
        return best.map(Best::theta).orElse(theta);
    }

    private long chosenRound() {
        return best.map(found -> found.validation().round()).orElse(done);
    }

    private void step(Cluster cluster, RunRecord record, RoundListener watcher, Stop stop) {
        Optional<Validator> due =
                parts.validator().filter(validator -> validator.settings().isDueAfter(done + 1));
        Optional<TrainingState> before = due.map(validator -> state());
        RoundListener.Round round;
        Optional<Validation> validation;
        try {
            round = stop.interruptibly(() -> loop.round(done, cluster, theta));
            validation = due.map(validator ->
                    record.aside(() -> stop.interruptibly(() -> validator.validate(round.number(), cluster, theta))));
        } catch (DivergedException e) {
            record.model(chosen(), chosenRound(), RunRecord.Progress.UNFINISHED);
            throw e;
        } catch (Exception e) {
            before.ifPresent(this::restore);
            throw broken(Undeclared.unchecked(e), record, stop);
        }
        done = round.number();
        validation.ifPresent(found -> best =
                Optional.of(best.map(one -> one.or(found, theta)).orElseGet(() -> new Best(found, theta.copy(), 0))));
        record.done(round, validation);
        seconds = record.seconds();
        validation.ifPresent(watcher::validated);
        watcher.done(round);
        if (parts.checkpoints().isDueAfter(done)) {
            recordCheckpoint(record);
        }
    }

    private TrainingState state() {
        return new TrainingState(done, theta.copy(), optimizer.state(), best);
    }

    private void restore(TrainingState state) {
        optimizer.restore(state.optimizer());
        theta.copyFrom(state.theta(), 0, 0, theta.size());
        done = state.rounds();
        best = state.best();
    }

    private void recordCheckpoint(RunRecord record) {
        if (recorded != done) {
            record.checkpoint(state());
            recorded = done;
        }
    }

    private void refuseIfStopped(RunRecord record, Stop stop) {
        if (stop.isRequested()) {
            leave(record);
            throw new StoppedEarlyException(done);
        }
    }

    /** What a broken round or evaluation means; where the run stood is recorded first. */
    private RuntimeException broken(RuntimeException cause, RunRecord record, Stop stop) {
        try {
            leave(record);
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
            return cause;
        }
        // A signal of a terminal reaches workers too, and what the cluster then says is no news.
        return stop.isRequested() && cause instanceof ClusterException ? new StoppedEarlyException(done, cause) : cause;
    }

    private void leave(RunRecord record) {
        recordCheckpoint(record);
        if (!isTrained() && done > 0) {
            record.model(chosen(), chosenRound(), RunRecord.Progress.UNFINISHED);
        }
    }

    private Result evaluate(Cluster cluster, RunRecord record, Stop stop) {
        Evaluator evaluator = parts.evaluator();
        Storage untrained = parts.plan().untrained(parts.settings().seed());
        try {
            Evaluation trained = stop.untilRequested(() -> evaluator.evaluate(cluster, chosen()));
            record.evaluation(trained);
            refuseIfStopped(record, stop);
            return new Result(trained, stop.untilRequested(() -> evaluator.evaluate(cluster, untrained)));
        } catch (StoppedEarlyException e) {
            throw e;
        } catch (Exception e) {
            throw broken(Undeclared.unchecked(e), record, stop);
        }
    }
}
