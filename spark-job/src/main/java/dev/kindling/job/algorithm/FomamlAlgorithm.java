package dev.kindling.job.algorithm;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;

/**
 * First-order MAML: Finn, Abbeel and Levine, ICML 2017, section 5.2 (the name is from Nichol, Achiam and Schulman 2018). As
 * {@link MamlAlgorithm}, but the derivative of the inner gradient is taken as 0, so that a task contributes the query gradient at
 * the adapted parameters, ∇L(θ') at θ'.
 */
public final class FomamlAlgorithm extends GradientBasedMethod {
    static final String NAME = "fomaml";

    private final InnerSettings settings;

    public FomamlAlgorithm(InnerSettings settings) {
        super(NAME, new StopGradientUpdate(settings), settings.steps());
        this.settings = settings;
    }

    static Algorithm of(AlgorithmConfig config) {
        return new FomamlAlgorithm(InnerSettings.of(config));
    }

    /** An inner update whose gradients are excluded from the outer derivative. */
    record StopGradientUpdate(InnerSettings settings) implements InnerUpdate {
        @Override
        public Value gradient(ProgramBuilder b, Task task, String name, Value phi, Value gradient) {
            return b.stopGradient(gradient);
        }
    }

    @Override
    public Claim claim() {
        return Claim.FIRST_ORDER;
    }

    @Override
    public boolean usesPlainGradientDescent() {
        return settings.plain();
    }
}
