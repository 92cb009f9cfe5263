package dev.kindling.job.algorithm;

import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Value;

/**
 * First-order MAML: Finn, Abbeel and Levine, ICML 2017, section 5.2 (named so by Nichol, Achiam and Schulman 2018). As
 * {@link Maml}, but the derivative of the inner gradient is taken as 0, so that a task contributes the query gradient at
 * the adapted parameters, ∇L(θ') at θ'.
 */
public final class Fomaml extends AdaptingMethod {
    static final String NAME = "fomaml";

    private final InnerSettings settings;

    public Fomaml(InnerSettings settings) {
        super(NAME, new Stopped(settings), settings.steps());
        this.settings = settings;
    }

    static Algorithm of(Options options) {
        return new Fomaml(InnerSettings.of(options));
    }

    /** Steps of whose gradients the outer derivative sees nothing. */
    record Stopped(InnerSettings settings) implements InnerRule {
        @Override
        public Value gradient(Builder b, Task task, String name, Value phi, Value gradient) {
            return b.stopGradient(gradient);
        }
    }

    @Override
    public Claim claim() {
        return Claim.FIRST_ORDER;
    }

    @Override
    public boolean descends() {
        return settings.plain();
    }
}
