package dev.kindling.job.algorithm;

import dev.kindling.job.algorithm.InnerLoop.AdaptationResult;
import dev.kindling.job.algorithm.InnerLoop.Contribution;
import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
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
public final class ImplicitMaml extends GradientBasedMethod {
    static final String NAME = "imaml";

    private final ProximalUpdate rule;
    private final ImplicitSolver solver;

    private ImplicitMaml(ProximalUpdate rule, ImplicitSolver solver) {
        super(NAME, rule, rule.settings().steps());
        this.rule = rule;
        this.solver = solver;
    }

    static Algorithm of(AlgorithmConfig config) {
        double lambda = config.number("imaml.lambda");
        return new ImplicitMaml(
                new ProximalUpdate(InnerSettings.of(config), lambda), ImplicitSolver.of(config, lambda));
    }

    /**
     * Steps that are pulled back to θ.
     *
     * @param lambda λ, above 0
     */
    private record ProximalUpdate(InnerSettings settings, double lambda) implements InnerUpdate {
        ProximalUpdate {
            if (!(lambda > 0) || Double.isInfinite(lambda)) {
                throw new IllegalArgumentException(
                        "imaml.lambda is " + lambda + "; it must be a finite number above 0");
            }
        }

        @Override
        public List<String> extraInputs(Model model) {
            return adapting(model);
        }

        @Override
        public Value gradient(ProgramBuilder b, Task task, String name, Value phi, Value gradient) {
            Value pull = b.mul(b.constant(lambda), b.sub(phi, NamedValues.value(task.extraInputs(), name)));
            return b.add(gradient, pull);
        }
    }

    @Override
    Contribution contribution(ProgramBuilder b, AdaptationResult result) {
        List<String> adapting = rule.adapting(result.task().model());
        Map<String, Value> phi = NamedValues.only(result.state().phi(), adapting);
        Map<String, Value> outer =
                NamedValues.of(adapting, Autodiff.grad(b, result.objective(), List.copyOf(phi.values())));
        ImplicitSolver.Solution solution =
                solver.solve(b, result.task(), result.state().phi(), outer);
        Map<String, Value> sums = new LinkedHashMap<>(solution.vector());
        result.batchStatistics()
                .forEach((name, seen) -> sums.put(name, b.sub(NamedValues.value(result.theta(), name), seen)));
        return new Contribution(NamedValues.values(sums, result.theta().keySet()), solution.measures());
    }

    @Override
    public Claim claim() {
        return solver.approximate() ? Claim.FIRST_ORDER : Claim.IMPLICIT;
    }
}
