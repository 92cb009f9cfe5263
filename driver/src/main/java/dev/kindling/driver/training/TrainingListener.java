package dev.kindling.driver.training;

import dev.kindling.driver.aggregator.MetaGradient;
import dev.kindling.driver.checkpoint.Validation;
import dev.kindling.driver.metrics.RoundTimings;
import dev.kindling.job.protocol.FailedTask;
import java.util.List;

/** Receives each round and validation, on the training loop's thread. */
@FunctionalInterface
public interface TrainingListener {
    /** Called after a round and its update of θ. */
    void done(Round round);

    /** Called after a validation of θ, before {@link #done} for the same round. */
    default void validated(Validation validation) {}

    /**
     * A finished round.
     *
     * @param number number of rounds done, this one included
     * @param of number of rounds of the run
     * @param gradient the meta-gradient, and the means of the tasks' losses
     * @param failed the tasks that were left out
     * @param notices single-line messages for the user
     * @param bytesOut bytes sent to executors
     * @param bytesIn bytes received from executors
     * @param times wall time by part
     */
    record Round(
            long number,
            long of,
            MetaGradient gradient,
            List<FailedTask> failed,
            List<String> notices,
            long bytesOut,
            long bytesIn,
            RoundTimings times) {
        /** A round; the lists are copied. */
        public Round {
            failed = List.copyOf(failed);
            notices = List.copyOf(notices);
        }
    }
}
