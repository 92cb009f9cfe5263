package dev.kindling.driver.training;

import dev.kindling.job.tensor.FlatVector;
import java.util.Optional;

/**
 * The exponential moving average of θ over rounds (Polyak and Juditsky 1992; as the weights that are evaluated, Tarvainen and
 * Valpola 2017): a ← d a + (1 - d) θ after each round, element by element and in the precision of θ, so that each member of an
 * ensemble has the average of its own training.
 *
 * <p>d = min({@code run.ema-decay}, (1 + t) / (10 + t)) after t earlier rounds, as TensorFlow's {@code num_updates}: the average
 * begins at the initial θ, and a constant d would hold on to it for 1 / (1 - d) rounds.
 */
final class MovingAverage {
    private final double decay;
    private final FlatVector average;

    /** The average before the first round, a copy of the initial θ. */
    MovingAverage(double decay, FlatVector theta) {
        this.decay = decay;
        this.average = theta.copy();
    }

    /** The average of a run; empty for a decay of 0, with which the average would be θ. */
    static Optional<MovingAverage> of(double decay, FlatVector theta) {
        return decay == 0 ? Optional.empty() : Optional.of(new MovingAverage(decay, theta));
    }

    /** The average now; changes with each round. */
    FlatVector value() {
        return average;
    }

    /** Replaces the average by that of an earlier state. */
    void restore(FlatVector saved) {
        average.copyFrom(saved, 0, 0, saved.size());
    }

    /**
     * Adds the θ after a round.
     *
     * @param earlier number of rounds before it
     */
    void add(long earlier, FlatVector theta) {
        double kept = Math.min(decay, (1.0 + earlier) / (10.0 + earlier));
        for (int i = 0; i < average.size(); i++) {
            average.set(i, kept * average.at(i) + (1 - kept) * theta.at(i));
        }
    }
}
