package dev.kindling.driver.training;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.aggregator.FailurePolicy;
import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.cluster.Cluster;
import dev.kindling.driver.error.ClusterException;
import dev.kindling.driver.error.DivergedException;
import dev.kindling.driver.error.StoppedEarlyException;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.driver.evaluation.Evaluator;
import dev.kindling.driver.optimizer.MetaOptimizer;
import dev.kindling.driver.optimizer.OptimizerSettings;
import dev.kindling.driver.plan.TrainingPlan;
import dev.kindling.driver.sampler.Sampler;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.FlatVector;
import java.util.Optional;

/**
 * One run from untrained parameters, or from a checkpoint, to an evaluated model.
 *
 * <p>A round and the validation after it are one step: where either breaks off, the run stands where it stood before.
 */
public final class TrainingLoop {
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
            TrainingPlan plan,
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
    private final FlatVector theta;
    private long done;
    private long recorded;
    private double seconds;
    private Optional<BestModel> best = Optional.empty();

    /** A run that has not begun. */
    public TrainingLoop(Parts parts) {
        this.parts = parts;
        RunSettings settings = parts.settings();
        TrainingPlan plan = parts.plan();
        this.theta = plan.untrained(settings.seed());
        this.optimizer = new MetaOptimizer(parts.optimizer(), settings.rounds(), plan.precision(), theta.size());
        this.loop = new OuterLoop(
                settings,
                new Sampler(parts.source(), settings.seed(), Split.TRAIN),
                parts.failures(),
                parts.aggregator(),
                optimizer,
                TrainingPlan.TRAIN,
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
        seconds = checkpoint.progress().seconds();
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
     * @param recorder where all of it is written down
     * @param watcher is told of each round after the record
     * @param cancellation is asked after each round
     * @throws DivergedException if training diverged; the last good θ is then recorded as an unfinished model
     * @throws StoppedEarlyException if it was asked to stop; the run can be resumed
     */
    public Result run(Cluster cluster, RunRecorder recorder, TrainingListener watcher, CancellationToken cancellation) {
        while (!isTrained()) {
            refuseIfStopped(recorder, cancellation);
            step(cluster, recorder, watcher, cancellation);
        }
        recordCheckpoint(recorder);
        recorder.model(chosen(), chosenRound(), RunRecorder.Progress.FINISHED);
        refuseIfStopped(recorder, cancellation);
        return evaluate(cluster, recorder, cancellation);
    }

    private FlatVector chosen() {
        return best.map(BestModel::theta).orElse(theta);
    }

    private long chosenRound() {
        return best.map(found -> found.validation().round()).orElse(done);
    }

    private void step(Cluster cluster, RunRecorder recorder, TrainingListener watcher, CancellationToken cancellation) {
        Optional<Validator> due =
                parts.validator().filter(validator -> validator.settings().isDueAfter(done + 1));
        Optional<TrainingState> before = due.map(validator -> state());
        TrainingListener.Round round;
        Optional<Validation> validation;
        try {
            round = cancellation.runInterruptiblyAfterGrace(() -> loop.round(done, cluster, theta));
            validation = due.map(validator -> recorder.excludeFromThroughput(() ->
                    cancellation.runInterruptiblyAfterGrace(() -> validator.validate(round.number(), cluster, theta))));
        } catch (DivergedException e) {
            recorder.model(chosen(), chosenRound(), RunRecorder.Progress.UNFINISHED);
            throw e;
        } catch (Exception e) {
            before.ifPresent(this::restore);
            throw broken(UncheckedExceptions.unchecked(e), recorder, cancellation);
        }
        done = round.number();
        validation.ifPresent(found -> best = Optional.of(
                best.map(one -> one.or(found, theta)).orElseGet(() -> new BestModel(found, theta.copy(), 0))));
        recorder.done(round, validation);
        seconds = recorder.seconds();
        validation.ifPresent(watcher::validated);
        watcher.done(round);
        if (parts.checkpoints().isDueAfter(done)) {
            recordCheckpoint(recorder);
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

    private void recordCheckpoint(RunRecorder recorder) {
        if (recorded != done) {
            recorder.checkpoint(state());
            recorded = done;
        }
    }

    private void refuseIfStopped(RunRecorder recorder, CancellationToken cancellation) {
        if (cancellation.isCancelled()) {
            leave(recorder);
            throw new StoppedEarlyException(done);
        }
    }

    /** What a broken round or evaluation means; where the run stood is recorded first. */
    private RuntimeException broken(RuntimeException cause, RunRecorder recorder, CancellationToken cancellation) {
        try {
            leave(recorder);
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
            return cause;
        }
        // A signal of a terminal reaches workers too, and what the cluster then says is no news.
        return cancellation.isCancelled() && cause instanceof ClusterException
                ? new StoppedEarlyException(done, cause)
                : cause;
    }

    private void leave(RunRecorder recorder) {
        recordCheckpoint(recorder);
        if (!isTrained() && done > 0) {
            recorder.model(chosen(), chosenRound(), RunRecorder.Progress.UNFINISHED);
        }
    }

    private Result evaluate(Cluster cluster, RunRecorder recorder, CancellationToken cancellation) {
        Evaluator evaluator = parts.evaluator();
        FlatVector untrained = parts.plan().untrained(parts.settings().seed());
        try {
            Evaluation trained = cancellation.runCancellable(() -> evaluator.evaluate(cluster, chosen()));
            recorder.evaluation(trained);
            refuseIfStopped(recorder, cancellation);
            return new Result(trained, cancellation.runCancellable(() -> evaluator.evaluate(cluster, untrained)));
        } catch (StoppedEarlyException e) {
            throw e;
        } catch (Exception e) {
            throw broken(UncheckedExceptions.unchecked(e), recorder, cancellation);
        }
    }
}
