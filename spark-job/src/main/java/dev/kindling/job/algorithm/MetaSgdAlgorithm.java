package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.List;

/**
 * Meta-SGD: Li, Zhou, Chen and Li, 2017, algorithm 1. A task adapts by θ' = θ - α ∘ ∇L(θ) (equation 3), where α has a
 * signed rate for every parameter and is learned together with θ: equation 4. A task contributes the
 * derivatives of its query loss by θ and by α; at one step the latter is -∇L_query(θ') ∘ ∇L_support(θ).
 */
public final class MetaSgdAlgorithm extends GradientBasedMethod {
    static final String NAME = "meta-sgd";
    private static final String PREFIX = NAME + ".";

    private MetaSgdAlgorithm(LearnedRatesUpdate rule) {
        super(NAME, rule, rule.settings().steps());
    }

    static Algorithm of(AlgorithmConfig config) {
        List<Double> ends = config.range("meta-sgd.learning-rate");
        return new MetaSgdAlgorithm(new LearnedRatesUpdate(InnerSettings.of(config), ends.get(0), ends.get(1)));
    }

    /** An inner update whose rates are arrays of θ, initially drawn uniformly from an interval. */
    private record LearnedRatesUpdate(InnerSettings settings, double low, double high) implements InnerUpdate {
        LearnedRatesUpdate {
            if (low > high) {
                throw new IllegalArgumentException("meta-sgd.learning-rate is [" + low + ", " + high
                        + "]; its first number must not be above its second");
            }
        }

        @Override
        public Layout parameters(Model model) {
            return model.parameters().then(rates(model));
        }

        private Layout rates(Model model) {
            Layout.Builder rates = Layout.builder();
            adapting(model)
                    .forEach(name -> rates.add(PREFIX + name, model.parameters().shape(name)));
            return rates.build();
        }

        @Override
        public void initialise(Model model, long seed, FlatVector target) {
            model.initialise(seed, target);
            RandomStream stream = RandomStream.of(seed, NAME.hashCode());
            int size = parameters(model).size();
            for (int i = model.parameters().size(); i < size; i++) {
                target.set(i, low + (high - low) * stream.nextDouble());
            }
        }

        @Override
        public List<String> extraInputs(Model model) {
            return rates(model).names();
        }

        @Override
        public Value scaledStep(ProgramBuilder b, Task task, String name, Value number, Value step) {
            return b.mul(NamedValues.value(task.extraInputs(), PREFIX + name), step);
        }
    }

    @Override
    public Claim claim() {
        return Claim.EXACT;
    }
}
