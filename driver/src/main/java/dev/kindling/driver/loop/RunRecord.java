package dev.kindling.driver.loop;

import dev.kindling.driver.evaluation.Evaluation;
import dev.kindling.job.tensor.Storage;

/** What outlives a run: told by the loop, on its own thread, in the order in which things happen. */
public interface RunRecord extends RoundListener {
    /** How far a model has come. */
    enum Progress {
        FINISHED,
        UNFINISHED
    }

    /**
     * θ is what the run leaves behind.
     *
     * @param rounds how many rounds made it
     */
    void model(Storage theta, long rounds, Progress progress);

    /** The evaluation at the end of the run. */
    void evaluation(Evaluation evaluation);
}
