package dev.kindling.job.algorithm;

import dev.kindling.job.algorithm.InnerLoop.Contribution;
import dev.kindling.job.algorithm.InnerLoop.Outcome;
import dev.kindling.job.program.Builder;
import java.util.Map;

/** The baseline that learns nothing: θ stays as it was drawn, and a new task adapts it by gradient descent. */
public final class RandomStart extends AdaptingMethod {
    static final String NAME = "random";

    private RandomStart(InnerSettings settings) {
        super(NAME, new PlainSteps(settings), 0);
    }

    static Algorithm of(Options options) {
        return new RandomStart(InnerSettings.of(options));
    }

    @Override
    Contribution contribution(Builder b, Outcome outcome) {
        return new Contribution(
                outcome.theta().values().stream()
                        .map(value -> b.full(value.shape(), 0))
                        .toList(),
                Map.of());
    }

    @Override
    public Claim claim() {
        return Claim.NOTHING;
    }
}
