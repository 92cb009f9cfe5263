package dev.kindling.driver.training;

import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.job.tensor.FlatVector;
import java.util.Optional;
import java.util.function.Supplier;

/** Records the progress and results of a run. Called by the training loop on its own thread, in the order of events. */
public interface RunRecorder {
    /** Whether a model is final. */
    enum Progress {
        FINISHED,
        UNFINISHED
    }

    /** Records a round after the update of θ, and its validation if there was one. */
    void done(TrainingListener.Round round, Optional<Validation> validation);

    /** Runs work that is not training; its time is excluded from the throughput. */
    <T> T excludeFromThroughput(Supplier<T> work);

    /** Seconds of the run, without the time between its starts. */
    double seconds();

    /** Starts to write a checkpoint. */
    void checkpoint(TrainingState state);

    /**
     * Records θ as the model of the run.
     *
     * @param rounds number of rounds that θ has had
     */
    void model(FlatVector theta, long rounds, Progress progress);

    /** Records the evaluation at the end of the run. */
    void evaluation(Evaluation evaluation);
}
