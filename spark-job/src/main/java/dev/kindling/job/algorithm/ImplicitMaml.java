package dev.kindling.job.algorithm;

import dev.kindling.job.algorithm.InnerLoop.Contribution;
import dev.kindling.job.algorithm.InnerLoop.Outcome;
import dev.kindling.job.autodiff.Gradients;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Implicit MAML: Rajeswaran, Finn, Kakade and Levine, NeurIPS 2019, algorithms 1 and 2. A task descends on
 * L_support(φ) + (λ/2) ‖φ - θ‖² (equation 3), the pull to θ in every step, and contributes the g that solves
 * (I + A/λ) g = ∇L_query(φ), with A the Hessian of L_support at φ: equation 6, which is the derivative through the minimiser
 * and knows nothing of the way there. So nothing is kept of the steps, however many they are.
 *
 * <p>The authors' code differs: it has no pull in the inner steps, and another scale. This is the paper's.
 */
public final class ImplicitMaml extends AdaptingMethod {
    static final String NAME = "imaml";

    private final Proximal rule;
    private final ImplicitSolver solver;

    private ImplicitMaml(Proximal rule, ImplicitSolver solver) {
        super(NAME, rule, rule.settings().steps());
        this.rule = rule;
        this.solver = solver;
    }

    static Algorithm of(Options options) {
        double lambda = options.number("imaml.lambda");
        return new ImplicitMaml(new Proximal(InnerSettings.of(options), lambda), ImplicitSolver.of(options, lambda));
    }

    /**
     * Steps that are pulled back to θ.
     *
     * @param lambda λ, above 0
     */
    private record Proximal(InnerSettings settings, double lambda) implements InnerRule {
        Proximal {
            if (!(lambda > 0) || Double.isInfinite(lambda)) {
                throw new IllegalArgumentException(
                        "imaml.lambda is " + lambda + "; it must be a finite number above 0");
            }
        }

        @Override
        public List<String> reads(Model model) {
            return adapting(model);
        }

        @Override
        public Value gradient(Builder b, Task task, String name, Value phi, Value gradient) {
            Value pull = b.mul(b.constant(lambda), b.sub(phi, Named.value(task.reads(), name)));
            return b.add(gradient, pull);
        }
    }

    @Override
    Contribution contribution(Builder b, Outcome outcome) {
        List<String> adapting = rule.adapting(outcome.task().model());
        Map<String, Value> phi = Named.only(outcome.state().phi(), adapting);
        Map<String, Value> outer = Named.of(adapting, Gradients.of(b, outcome.objective(), List.copyOf(phi.values())));
        ImplicitSolver.Solution solution =
                solver.solve(b, outcome.task(), outcome.state().phi(), outer);
        Map<String, Value> sums = new LinkedHashMap<>(solution.vector());
        outcome.observed().forEach((name, seen) -> sums.put(name, b.sub(Named.value(outcome.theta(), name), seen)));
        return new Contribution(Named.values(sums, outcome.theta().keySet()), solution.measures());
    }

    @Override
    public Claim claim() {
        return solver.approximate() ? Claim.FIRST_ORDER : Claim.IMPLICIT;
    }
}
