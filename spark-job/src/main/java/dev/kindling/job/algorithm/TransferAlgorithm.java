package dev.kindling.job.algorithm;

import java.util.Optional;

/**
 * Joint training, a baseline without meta-learning: a task contributes the gradient of its query loss at θ, without inner
 * steps, so that θ minimises the mean loss of all tasks. A new task then fine-tunes θ by gradient descent.
 *
 * <p>Alternatively, Deeplearning4j's parameter averaging on Spark trains the same network on the same query sets
 * ({@link ParameterAveraging}).
 */
public final class TransferAlgorithm extends GradientBasedMethod {
    static final String NAME = "transfer";

    /** The implementation of a round of training. */
    enum Engine {
        /** The mean gradient of the round's tasks, for the meta-optimizer. */
        ROUNDS,
        /** Deeplearning4j's parameter averaging. */
        DL4J_SPARK
    }

    private final Optional<ParameterAveraging> averaging;

    private TransferAlgorithm(InnerSettings settings, Optional<ParameterAveraging> averaging) {
        super(NAME, new GradientDescentUpdate(settings), 0);
        this.averaging = averaging;
    }

    static Algorithm of(AlgorithmConfig config) {
        Engine engine = config.choice("transfer.engine", Engine.class);
        ParameterAveraging averaging =
                new ParameterAveraging(config.count("transfer.workers"), config.number("transfer.learning-rate"));
        return new TransferAlgorithm(
                InnerSettings.of(config), engine == Engine.ROUNDS ? Optional.empty() : Optional.of(averaging));
    }

    @Override
    public Claim claim() {
        return averaging.isPresent() ? Claim.DELTA : Claim.EXACT;
    }

    @Override
    public Optional<ParameterAveraging> averaging() {
        return averaging;
    }

    @Override
    public Optional<String> interpolationRateKey() {
        return averaging.map(all -> "transfer.step");
    }
}
