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
 * Implicit MAML: Rajeswaran, Finn, Kakade and Levine, NeurIPS 2019, algorithms 1 and 2. A task minimises
 * L_support(φ) + (λ/2) ‖φ - θ‖² (equation 3) and contributes the solution g of (I + A/λ) g = ∇L_query(φ), with A the Hessian
 * of L_support at φ: equation 6, the derivative through the minimiser, which does not depend on the path of the inner steps.
 * So no values of the steps are stored, whatever their number.
 *
 * <p>The authors' code differs from the paper: it has no proximal term in the inner steps, and another scale. This class
 * follows the paper.
 */
public final class ImplicitMamlAlgorithm extends GradientBasedMethod {
    static final String NAME = "imaml";

    private final ProximalUpdate rule;
    private final ImplicitSolver solver;

    private ImplicitMamlAlgorithm(ProximalUpdate rule, ImplicitSolver solver) {
        super(NAME, rule, rule.settings().steps());
        this.rule = rule;
        this.solver = solver;
    }

    static Algorithm of(AlgorithmConfig config) {
        double lambda = config.number("imaml.lambda");
        return new ImplicitMamlAlgorithm(
                new ProximalUpdate(InnerSettings.of(config), lambda), ImplicitSolver.of(config, lambda));
    }

    /**
     * An inner update with the gradient of the proximal term λ/2 ‖φ - θ‖².
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
            Value proximal = b.mul(b.constant(lambda), b.sub(phi, NamedValues.value(task.extraInputs(), name)));
            return b.add(gradient, proximal);
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
                .forEach((name, statistic) ->
                        sums.put(name, b.sub(NamedValues.value(result.theta(), name), statistic)));
        return new Contribution(NamedValues.values(sums, result.theta().keySet()), solution.measures());
    }

    @Override
    public Claim claim() {
        return solver.approximate() ? Claim.FIRST_ORDER : Claim.IMPLICIT;
    }
}
