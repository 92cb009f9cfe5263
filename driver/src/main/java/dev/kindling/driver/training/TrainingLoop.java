package dev.kindling.driver.training;

import dev.kindling.driver.aggregator.Aggregator;
import dev.kindling.driver.aggregator.FailurePolicy;
import dev.kindling.driver.checkpoint.Checkpoint;
import dev.kindling.driver.checkpoint.Validation;
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
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.error.BadDataException;
import dev.kindling.job.task.Split;
import dev.kindling.job.task.TaskSource;
import dev.kindling.job.tensor.FlatVector;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The training of one run, from initial parameters or a checkpoint to an evaluated model.
 *
 * <p>A round and the validation after it are one transaction: if either fails, the state before the round is restored. With
 * {@code run.ema-decay} the moving average of θ is validated and becomes the model; rounds run with θ.
 */
public final class TrainingLoop {
    /**
     * The components of a run.
     *
     * @param settings length, meta-batch size and logging
     * @param checkpoints when checkpoints are written
     * @param plan model and programs
     * @param source of the tasks
     * @param failures policy for failed tasks
     * @param aggregator from a round's sum to its meta-gradient
     * @param optimizer the meta-optimizer and its learning rate
     * @param validator during training; empty for a run without validation
     * @param evaluator of the final model; empty for a run without evaluation
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
            Optional<Evaluator> evaluator) {}

    /** The evaluations of the trained model and, on the first tasks, of the initial one; both empty for a run without evaluation. */
    public record Result(Optional<Evaluation> trained, Optional<Evaluation> untrained) {}

    private final Parts parts;
    private final OuterLoop loop;
    private final MetaOptimizer optimizer;
    private final FlatVector theta;
    private final Optional<MovingAverage> average;
    private long done;
    private long recorded;
    private double seconds;
    private Optional<TrainingState.BestModel> best = Optional.empty();

    /** A run before its first round. */
    public TrainingLoop(Parts parts) {
        this.parts = parts;
        RunSettings settings = parts.settings();
        TrainingPlan plan = parts.plan();
        this.theta = plan.untrained(settings.seed(), parts.source());
        this.average = MovingAverage.of(settings.emaDecay(), theta);
        this.optimizer = new MetaOptimizer(
                parts.optimizer(),
                settings.rounds(),
                plan.parameters(),
                plan.precision(),
                plan.job().backend());
        this.loop = new OuterLoop(
                settings,
                samplers(plan.algorithm(), parts.source(), settings.seed()),
                parts.failures(),
                parts.aggregator(),
                optimizer,
                plan::trainingProgram,
                plan.trainingMeasures());
    }

    private static List<Sampler> samplers(Algorithm algorithm, TaskSource source, long seed) {
        return IntStream.range(0, algorithm.members())
                .mapToObj(member -> new Sampler(source.member(member), algorithm.memberSeed(seed, member), Split.TRAIN))
                .toList();
    }

    /**
     * Restores the state of a checkpoint.
     *
     * @throws BadDataException if the checkpoint belongs to another model or meta-optimizer
     */
    public void resume(Checkpoint checkpoint) {
        if (average.isPresent() && checkpoint.average().isEmpty()) {
            throw new BadDataException("the checkpoint has no moving average of θ, and run.ema-decay is "
                    + parts.settings().emaDecay());
        }
        try {
            restore(TrainingState.of(
                    checkpoint,
                    parts.plan().parameters(),
                    parts.plan().precision(),
                    parts.plan().algorithm().members()));
        } catch (IllegalArgumentException e) {
            throw new BadDataException(checkpoint.optimizer().file() + " does not fit the run: " + e.getMessage(), e);
        }
        recorded = done;
        seconds = checkpoint.progress().seconds();
    }

    /** The number of rounds done. */
    public long rounds() {
        return done;
    }

    /** Whether training is complete: all rounds are done, the time limit is reached, or validation's patience is exhausted. */
    public boolean isTrained() {
        return done >= parts.settings().rounds() || isOutOfTime() || isExhausted();
    }

    /** Whether the time limit is reached, after at least one round. */
    public boolean isOutOfTime() {
        return done > 0 && parts.settings().isOverAfter(seconds);
    }

    /** Whether validation's patience is exhausted. */
    public boolean isExhausted() {
        return parts.validator()
                .flatMap(validator -> best.map(found -> found.scores().stream()
                        .allMatch(score -> validator.settings().isExhaustedBy(score.validationsWithoutImprovement()))))
                .orElse(false);
    }

    /**
     * Runs the remaining rounds, records the model, and evaluates it and the initial one.
     *
     * @param recorder of progress and results
     * @param listener called for each round, after the recorder
     * @param cancellation checked after each round
     * @throws DivergedException if training diverged; the last good θ is then recorded as an unfinished model
     * @throws StoppedEarlyException if the run was cancelled; it can be resumed
     */
    public Result run(
            Cluster cluster, RunRecorder recorder, TrainingListener listener, CancellationToken cancellation) {
        if (done == 0 && parts.plan().algorithm().fitsInitial()) {
            validateStart(cluster, recorder, listener, cancellation);
        }
        while (!isTrained()) {
            refuseIfStopped(recorder, cancellation);
            step(cluster, recorder, listener, cancellation);
        }
        recordCheckpoint(recorder);
        recorder.model(chosen(), chosenRound(), RunRecorder.Progress.FINISHED);
        refuseIfStopped(recorder, cancellation);
        return parts.evaluator().isPresent()
                ? evaluate(parts.evaluator().get(), cluster, recorder, cancellation)
                : new Result(Optional.empty(), Optional.empty());
    }

    /** What is validated: the moving average of θ, or θ itself in a run without one. */
    private FlatVector candidate() {
        return average.map(MovingAverage::value).orElse(theta);
    }

    private FlatVector chosen() {
        return best.map(TrainingState.BestModel::theta).orElseGet(this::candidate);
    }

    private long chosenRound() {
        return best.map(TrainingState.BestModel::round).orElse(done);
    }

    /** Validates the θ before the first round, as the first candidate for the best model. */
    private void validateStart(
            Cluster cluster, RunRecorder recorder, TrainingListener listener, CancellationToken cancellation) {
        refuseIfStopped(recorder, cancellation);
        try {
            parts.validator().ifPresent(validator -> {
                List<Validation> found =
                        cancellation.runInterruptiblyAfterGrace(() -> validator.validate(0, cluster, candidate()));
                best = Optional.of(TrainingState.BestModel.first(found, candidate()));
                listener.validated(Validator.mean(found));
            });
        } catch (Exception e) {
            throw failure(UncheckedExceptions.unchecked(e), recorder, cancellation);
        }
    }

    private void step(
            Cluster cluster, RunRecorder recorder, TrainingListener listener, CancellationToken cancellation) {
        Optional<Validator> due =
                parts.validator().filter(validator -> validator.settings().isDueAfter(done + 1));
        Optional<TrainingState> before = due.map(validator -> state());
        TrainingListener.Round round;
        Optional<List<Validation>> validations;
        try {
            round = cancellation.runInterruptiblyAfterGrace(() -> loop.round(done, cluster, theta));
            average.ifPresent(current -> current.add(done, theta));
            validations =
                    due.map(validator -> recorder.excludeFromThroughput(() -> cancellation.runInterruptiblyAfterGrace(
                            () -> validator.validate(round.number(), cluster, candidate()))));
        } catch (DivergedException e) {
            recorder.model(chosen(), chosenRound(), RunRecorder.Progress.UNFINISHED);
            throw e;
        } catch (Exception e) {
            before.ifPresent(this::restore);
            throw failure(UncheckedExceptions.unchecked(e), recorder, cancellation);
        }
        done = round.number();
        validations.ifPresent(found -> best = Optional.of(best.map(
                        model -> model.after(found, due.orElseThrow().settings().measure(), candidate()))
                .orElseGet(() -> TrainingState.BestModel.first(found, candidate()))));
        Optional<Validation> validation = validations.map(Validator::mean);
        recorder.done(round, validation);
        seconds = recorder.seconds();
        validation.ifPresent(listener::validated);
        listener.done(round);
        if (parts.checkpoints().isDueAfter(done)) {
            recordCheckpoint(recorder);
        }
    }

    private TrainingState state() {
        return new TrainingState(
                done,
                theta.copy(),
                optimizer.state(),
                best,
                average.map(MovingAverage::value).map(FlatVector::copy));
    }

    private void restore(TrainingState state) {
        optimizer.restore(state.optimizer());
        theta.copyFrom(state.theta(), 0, 0, theta.size());
        average.ifPresent(current -> current.restore(state.average().orElseThrow()));
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
            recordUnfinished(recorder);
            throw new StoppedEarlyException(done);
        }
    }

    /** The exception to throw for a failed round or evaluation, after the state before it is recorded. */
    private RuntimeException failure(RuntimeException cause, RunRecorder recorder, CancellationToken cancellation) {
        try {
            recordUnfinished(recorder);
        } catch (RuntimeException e) {
            cause.addSuppressed(e);
            return cause;
        }
        // A terminal's signal reaches local workers too, so the cluster's failure is a consequence of the cancellation.
        return cancellation.isCancelled() && cause instanceof ClusterException
                ? new StoppedEarlyException(done, cause)
                : cause;
    }

    private void recordUnfinished(RunRecorder recorder) {
        recordCheckpoint(recorder);
        if (!isTrained() && done > 0) {
            recorder.model(chosen(), chosenRound(), RunRecorder.Progress.UNFINISHED);
        }
    }

    private Result evaluate(
            Evaluator evaluator, Cluster cluster, RunRecorder recorder, CancellationToken cancellation) {
        FlatVector untrained = parts.plan().untrained(parts.settings().seed(), parts.source());
        try {
            Evaluation trained = cancellation.runCancellable(() -> evaluator.evaluateModel(cluster, chosen()));
            recorder.evaluation(trained);
            refuseIfStopped(recorder, cancellation);
            return new Result(
                    Optional.of(trained),
                    Optional.of(cancellation.runCancellable(() -> evaluator.evaluateBaseline(cluster, untrained))));
        } catch (StoppedEarlyException e) {
            throw e;
        } catch (Exception e) {
            throw failure(UncheckedExceptions.unchecked(e), recorder, cancellation);
        }
    }
}
