package dev.kindling.driver.check.reference;

import dev.kindling.job.algorithm.AlgorithmConfig;
import dev.kindling.job.model.Model;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** The rules that differ from MAML's. */
final class StepRules {
    private StepRules() {}

    /** ANIL: Raghu and others, ICLR 2020: only the output layer, or what the patterns name, adapts. */
    static final class Anil extends StepRule {
        private final List<String> patterns;

        Anil(AlgorithmConfig config) {
            super(config);
            this.patterns = config.strings("anil.adapt");
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

    /** Meta-SGD: Li and others, 2017, equation 3: φ = θ - α ∘ ∇L, a learned rate for each number. */
    static final class MetaSgd extends StepRule {
        MetaSgd(AlgorithmConfig config) {
            super(config);
        }

        @Override
        double rate(NamedArrays theta, String name, int index, int step) {
            return theta.get("meta-sgd." + name)[index];
        }
    }

    /** Implicit MAML: Rajeswaran and others, NeurIPS 2019, equation 3: steps on L(φ) + (λ/2) ‖φ - θ‖². */
    static final class Proximal extends StepRule {
        private final double lambda;

        Proximal(AlgorithmConfig config) {
            super(config);
            this.lambda = config.number("imaml.lambda");
        }

        @Override
        double[] gradient(NamedArrays theta, String name, double[] phi, double[] gradient) {
            double[] pulled = gradient.clone();
            double[] origin = theta.get(name);
            for (int i = 0; i < pulled.length; i++) {
                pulled[i] += lambda * (phi[i] - origin[i]);
            }
            return pulled;
        }
    }

    /** MAML++: Antoniou, Edwards and Storkey, ICLR 2019, section 4. */
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

        /** Gamma and beta of a step: the model's own for step 0, then the rows of the stack; the last row after the last step. */
        private NamedArrays ownNorm(TaskContext task, NamedArrays theta, NamedArrays phi, int step) {
            int row = Math.min(step, steps() - 1);
            NamedArrays own = phi;
            for (String name : task.model().parameters().names()) {
                if (norm(name)) {
                    int size = phi.get(name).length;
                    double[] numbers = new double[size];
                    double[] from = row == 0 ? theta.get(name) : theta.get("maml-plus-plus." + name);
                    System.arraycopy(from, row == 0 ? 0 : (row - 1) * size, numbers, 0, size);
                    own = own.with(name, numbers);
                }
            }
            return own;
        }

        @Override
        NamedArrays begin(TaskContext task, NamedArrays theta, NamedArrays phi, int step) {
            return adaptsNorm ? ownNorm(task, theta, phi, step) : phi;
        }

        @Override
        NamedArrays used(TaskContext task, NamedArrays theta, NamedArrays phi, int step) {
            return adaptsNorm ? phi : ownNorm(task, theta, phi, step);
        }

        @Override
        double rate(NamedArrays theta, String name, int index, int step) {
            return theta.get("maml-plus-plus.rate." + name)[Math.min(step, steps() - 1)];
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

    /** Proto-MAML: Triantafillou and others, ICLR 2020, section 3: the output layer begins as W = 2 c, b = -‖c‖². */
    static final class PrototypeHead extends StepRule {
        PrototypeHead(AlgorithmConfig config) {
            super(config);
        }

        @Override
        NamedArrays start(TaskContext task, NamedArrays theta) {
            Model model = task.model();
            Examples support = task.support();
            ModelPasses.Result features =
                    task.passes(model.encoder()).supportWithoutDropout(theta, support, ModelPasses.Wanted.OUTPUT);
            int ways = task.layout().classes();
            double[][] prototypes = Classes.means(Examples.rows(features.output(), support.count()), support.y(), ways);
            int width = prototypes[0].length;
            double[] weights = new double[width * ways];
            double[] bias = new double[ways];
            for (int k = 0; k < ways; k++) {
                for (int j = 0; j < width; j++) {
                    weights[j * ways + k] = 2 * prototypes[k][j];
                    bias[k] -= prototypes[k][j] * prototypes[k][j];
                }
            }
            return theta.with(model.head().get(0), weights).with(model.head().get(1), bias);
        }
    }

    /** Reptile's steps: Nichol, Achiam and Schulman, 2018: mini-batches in turn, moments carried if so configured. */
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
        NamedArrays memory(TaskContext task, NamedArrays theta) {
            NamedArrays memory = super.memory(task, theta);
            if (!carried) {
                return memory;
            }
            for (String name : memory.names()) {
                double[] begun = theta.get(PREFIX + name).clone();
                for (int i = 0; i < begun.length && name.startsWith("moment.square."); i++) {
                    begun[i] = Math.max(begun[i], 0);
                }
                memory = memory.with(name, begun);
            }
            return memory;
        }
    }
}
