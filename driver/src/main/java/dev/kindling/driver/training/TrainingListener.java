package dev.kindling.driver.training;

import dev.kindling.driver.aggregator.MetaGradient;
import dev.kindling.driver.metrics.RoundTimings;
import dev.kindling.job.protocol.FailedTask;
import java.util.List;

/** Is told about each round, on the loop's own thread. */
@FunctionalInterface
public interface TrainingListener {
    /** A round is done and θ has moved. */
    void done(Round round);

    /** θ was validated; told before the round after which it was. */
    default void validated(Validation validation) {}

    /**
     * A finished round.
     *
     * @param number how many rounds are done with it, from 1 on
     * @param of rounds of the whole run
     * @param gradient what it asked of θ, and the means of its tasks' losses
     * @param failed the tasks that were left out
     * @param notices what a user should see of it, a line each
     * @param bytesOut bytes sent to workers
     * @param bytesIn bytes received from workers
     * @param times where its time went
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
