package dev.kindling.driver.training;

import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.job.tensor.FlatVector;
import java.util.Optional;
import java.util.function.Supplier;

/** What outlives a run: told by the loop, on its own thread, in the order in which things happen. */
public interface RunRecorder {
    /** How far a model has come. */
    enum Progress {
        FINISHED,
        UNFINISHED
    }

    /** A round is done, θ has moved, and perhaps was validated. */
    void done(TrainingListener.Round round, Optional<Validation> validation);

    /** Does what is not training; its time does not count against the pace. */
    <T> T excludeFromThroughput(Supplier<T> work);

    /** Seconds since the run began, the times between its starts left out. */
    double seconds();

    /** Begins to make a state durable, from which the run can go on. */
    void checkpoint(TrainingState state);

    /**
     * θ is what the run leaves behind.
     *
     * @param rounds how many rounds made it
     */
    void model(FlatVector theta, long rounds, Progress progress);

    /** The evaluation at the end of the run. */
    void evaluation(Evaluation evaluation);
}
