package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.Stream;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Storage;
import java.util.List;

/**
 * Meta-SGD: Li, Zhou, Chen and Li, 2017, algorithm 1. A task adapts by θ' = θ - α ∘ ∇L(θ) (equation 3), where α has a rate
 * of its own for every number of θ, direction included, and is learned with it: equation 4. A task contributes the
 * derivatives of its query loss by θ and by α; at one step the latter is -∇L_query(θ') ∘ ∇L_support(θ).
 */
public final class MetaSgd extends AdaptingMethod {
    static final String NAME = "meta-sgd";
    private static final String PREFIX = NAME + ".";

    private MetaSgd(LearnedRates rule) {
        super(NAME, rule, rule.settings().steps());
    }

    static Algorithm of(Options options) {
        List<Double> ends = options.ends("meta-sgd.rate");
        return new MetaSgd(new LearnedRates(InnerSettings.of(options), ends.get(0), ends.get(1)));
    }

    /** Steps whose rates are arrays of θ, drawn evenly between two ends. */
    private record LearnedRates(InnerSettings settings, double low, double high) implements InnerRule {
        LearnedRates {
            if (low > high) {
                throw new IllegalArgumentException(
                        "meta-sgd.rate is [" + low + ", " + high + "]; its first number must not be above its second");
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
        public void initialise(Model model, long seed, Storage target) {
            model.initialise(seed, target);
            Stream stream = Stream.of(seed, NAME.hashCode());
            int size = parameters(model).size();
            for (int i = model.parameters().size(); i < size; i++) {
                target.set(i, low + (high - low) * stream.nextDouble());
            }
        }

        @Override
        public List<String> reads(Model model) {
            return rates(model).names();
        }

        @Override
        public Value scaled(Builder b, Task task, String name, Value number, Value step) {
            return b.mul(Named.value(task.reads(), PREFIX + name), step);
        }
    }

    @Override
    public Claim claim() {
        return Claim.EXACT;
    }
}
