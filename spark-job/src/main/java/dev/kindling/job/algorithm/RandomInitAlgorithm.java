package dev.kindling.job.algorithm;

import dev.kindling.job.algorithm.InnerLoop.AdaptationResult;
import dev.kindling.job.algorithm.InnerLoop.Contribution;
import dev.kindling.job.program.ProgramBuilder;
import java.util.Map;

/** The baseline without training: θ keeps its random initial value, and a new task adapts it by gradient descent. */
public final class RandomInitAlgorithm extends GradientBasedMethod {
    static final String NAME = "random";

    private RandomInitAlgorithm(InnerSettings settings) {
        super(NAME, new GradientDescentUpdate(settings), 0);
    }

    static Algorithm of(AlgorithmConfig config) {
        return new RandomInitAlgorithm(InnerSettings.of(config));
    }

    @Override
    Contribution contribution(ProgramBuilder b, AdaptationResult result) {
        return new Contribution(
                result.theta().values().stream()
                        .map(value -> b.full(value.shape(), 0))
                        .toList(),
                Map.of());
    }

    @Override
    public Claim claim() {
        return Claim.NOTHING;
    }
}
