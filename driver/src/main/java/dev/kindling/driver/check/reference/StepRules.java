package dev.kindling.driver.check.reference;

import dev.kindling.job.algorithm.AlgorithmConfig;
import dev.kindling.job.model.Model;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** The inner-loop rules that differ from MAML's. */
final class StepRules {
    private StepRules() {}

    /** ANIL (Raghu and others, ICLR 2020): adapts the output layer only, or the parameters that the patterns of a key match. */
    static class Partial extends StepRule {
        private final List<String> patterns;

        Partial(AlgorithmConfig config, String key) {
            super(config);
            this.patterns = config.strings(key);
        }

        @Override
        List<String> adapting(Model model) {
            List<String> all = super.adapting(model);
            if (patterns.equals(List.of("head"))) {
                return all.stream().filter(model.head()::contains).toList();
            }
            return all.stream().filter(this::named).toList();
        }

        private boolean named(String name) {
            return patterns.stream()
                    .map(pattern -> Pattern.quote(pattern).replace("*", "\\E.*\\Q"))
                    .anyMatch(name::matches);
        }
    }

    /** Meta-SGD (Li and others, 2017, equation 3): φ = θ - α ∘ ∇L, with a learned rate for each parameter. */
    static final class MetaSgd extends StepRule {
        MetaSgd(AlgorithmConfig config) {
            super(config);
        }

        @Override
        Dual rate(NamedDuals theta, String name, int step) {
            return theta.get("meta-sgd." + name);
        }
    }

    /** Implicit MAML (Rajeswaran and others, NeurIPS 2019, equation 3): steps on L(φ) + (λ/2) ‖φ - θ‖². */
    static final class Proximal extends StepRule {
        private final double lambda;

        Proximal(AlgorithmConfig config) {
            super(config);
            this.lambda = config.number("imaml.lambda");
        }

        @Override
        Dual gradient(NamedDuals theta, String name, Dual phi, Dual gradient) {
            return gradient.plus(phi.minus(theta.get(name)).times(lambda));
        }
    }

    /** MAML++ (Antoniou, Edwards and Storkey, ICLR 2019, section 4). */
    static final class PlusPlus extends StepRule {
        private final int rounds;
        private final boolean adaptsNorm;

        PlusPlus(AlgorithmConfig config) {
            super(config);
            this.rounds = config.count("maml-plus-plus.anneal");
            this.adaptsNorm = config.bool("maml-plus-plus.adapt-normalisation");
        }

        private static boolean norm(String name) {
            return name.endsWith("_gamma") || name.endsWith("_beta");
        }

        @Override
        List<String> adapting(Model model) {
            return super.adapting(model).stream()
                    .filter(name -> adaptsNorm || !norm(name))
                    .toList();
        }

        /** Gamma and beta of a step: the model's for step 0, then the rows of the stacked arrays; the last row after the last step. */
        private NamedDuals stepNorm(TaskContext task, NamedDuals theta, NamedDuals phi, int step) {
            int row = Math.min(step, steps() - 1);
            NamedDuals ofStep = phi;
            for (String name : task.model().parameters().names()) {
                if (norm(name)) {
                    int size = phi.get(name).value().length;
                    ofStep = ofStep.with(
                            name,
                            row == 0
                                    ? theta.get(name)
                                    : theta.get("maml-plus-plus." + name).part((row - 1) * size, size));
                }
            }
            return ofStep;
        }

        @Override
        NamedDuals begin(TaskContext task, NamedDuals theta, NamedDuals phi, int step) {
            return adaptsNorm ? stepNorm(task, theta, phi, step) : phi;
        }

        @Override
        NamedDuals used(TaskContext task, NamedDuals theta, NamedDuals phi, int step) {
            return adaptsNorm ? phi : stepNorm(task, theta, phi, step);
        }

        @Override
        Dual rate(NamedDuals theta, String name, int step) {
            return theta.get("maml-plus-plus.rate." + name).part(Math.min(step, steps() - 1), 1);
        }

        @Override
        Optional<double[]> weights(long round) {
            if (rounds == 0 || steps() == 1) {
                return Optional.empty();
            }
            double even = 1.0 / steps();
            double others = round < rounds ? Math.max(even - round * even / rounds, 0.03 * even) : 0;
            double[] weights = new double[steps()];
            Arrays.fill(weights, others);
            weights[steps() - 1] = 1 - (steps() - 1) * others;
            return Optional.of(weights);
        }
    }

    /** Proto-MAML (Triantafillou and others, ICLR 2020, section 3): the output layer starts at W = 2 c, b = -‖c‖². */
    static final class PrototypeHead extends Partial {
        PrototypeHead(AlgorithmConfig config) {
            super(config, "proto-maml.adapt");
        }

        @Override
        NamedDuals start(TaskContext task, NamedDuals theta, Sides sides) {
            Model model = task.model();
            Examples support = task.support();
            ModelPasses.Result features =
                    task.passes(model.encoder()).supportWithoutDropout(theta, support, ModelPasses.Mode.OUTPUT, sides);
            int ways = task.layout().classes();
            Dual prototypes = features.output()
                    .linear(output ->
                            Examples.flat(Classes.means(Examples.rows(output, support.count()), support, ways)));
            Dual weights = prototypes.times(2).linear(rows -> transposed(rows, ways));
            Dual bias = prototypes
                    .times(prototypes)
                    .linear(rows -> sums(rows, ways))
                    .times(-1);
            return theta.with(model.head().get(0), weights).with(model.head().get(1), bias);
        }

        /** Transposes a row-major matrix of the given number of rows. */
        private static double[] transposed(double[] matrix, int rows) {
            int columns = matrix.length / rows;
            double[] transposed = new double[matrix.length];
            for (int i = 0; i < matrix.length; i++) {
                transposed[i % columns * rows + i / columns] = matrix[i];
            }
            return transposed;
        }

        /** The sum of each row of a row-major matrix. */
        private static double[] sums(double[] matrix, int rows) {
            double[] sums = new double[rows];
            for (int i = 0; i < matrix.length; i++) {
                sums[i / (matrix.length / rows)] += matrix[i];
            }
            return sums;
        }
    }

    /** Reptile (Nichol, Achiam and Schulman, 2018): steps on consecutive mini-batches, with moments carried over if configured. */
    static final class Batches extends StepRule {
        private static final String PREFIX = "reptile.";

        private final int batch;
        private final boolean carried;

        Batches(AlgorithmConfig config) {
            super(config);
            this.batch = config.count("reptile.batch");
            this.carried = config.bool("reptile.carry-moments");
        }

        @Override
        Optional<int[]> rows(int examples, int step) {
            if (batch == 0 || batch >= examples) {
                return Optional.empty();
            }
            int[] rows = new int[batch];
            for (int i = 0; i < batch; i++) {
                rows[i] = (step * batch + i) % examples;
            }
            return Optional.of(rows);
        }

        @Override
        NamedDuals moments(TaskContext task, NamedDuals theta, NamedDuals phi) {
            NamedDuals moments = super.moments(task, theta, phi);
            if (!carried) {
                return moments;
            }
            for (String name : moments.names()) {
                Dual initial = theta.get(PREFIX + name);
                moments = moments.with(name, name.startsWith("moment.square.") ? initial.positivePart() : initial);
            }
            return moments;
        }
    }
}
