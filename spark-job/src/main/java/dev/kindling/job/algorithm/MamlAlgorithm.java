package dev.kindling.job.algorithm;

/**
 * Model-agnostic meta-learning: Finn, Abbeel and Levine, ICML 2017, algorithm 2. A task adapts by θ' = θ - α ∇L(θ) on its
 * support set, any number of times, and contributes ∇_θ L(θ') on its query set: the summand of equation 1, with the
 * derivative of the adaptation, second derivatives of L included.
 */
public final class MamlAlgorithm extends GradientBasedMethod {
    static final String NAME = "maml";

    private final InnerSettings settings;

    public MamlAlgorithm(InnerSettings settings) {
        super(NAME, new GradientDescentUpdate(settings), settings.steps());
        this.settings = settings;
    }

    static Algorithm of(AlgorithmConfig config) {
        return new MamlAlgorithm(InnerSettings.of(config));
    }

    @Override
    public Claim claim() {
        return Claim.EXACT;
    }

    @Override
    public boolean usesPlainGradientDescent() {
        return settings.plain();
    }
}
