package dev.kindling.driver.loop;

import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.job.tensor.Storage;
import java.util.Optional;
import java.util.function.Supplier;

/** What outlives a run: told by the loop, on its own thread, in the order in which things happen. */
public interface RunRecord {
    /** How far a model has come. */
    enum Progress {
        FINISHED,
        UNFINISHED
    }

    /** A round is done, θ has moved, and perhaps was validated. */
    void done(RoundListener.Round round, Optional<Validation> validation);

    /** Does what is not training; its time does not count against the pace. */
    <T> T aside(Supplier<T> work);

    /** Seconds since the run began, the times between its starts left out. */
    double seconds();

    /** Begins to make a state durable, from which the run can go on. */
    void checkpoint(TrainingState state);

    /**
     * θ is what the run leaves behind.
     *
     * @param rounds how many rounds made it
     */
    void model(Storage theta, long rounds, Progress progress);

    /** The evaluation at the end of the run. */
    void evaluation(Evaluation evaluation);
}
