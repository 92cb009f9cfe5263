package dev.kindling.driver.check.reference;

import dev.kindling.job.algorithm.AlgorithmConfig;
import java.util.Optional;

/** The reference methods by {@code algorithm.name}. */
public final class References {
    private References() {}

    /** A method that learns nothing: every array contributes zeros. */
    private static final class NoAdaptation extends InnerLoopReference {
        NoAdaptation(TaskContext task, StepRule rule) {
            super(task, rule);
        }

        @Override
        public NamedArrays known(NamedArrays theta) {
            return NamedArrays.zeros(task().theta());
        }
    }

    /** The configured reference method of a name; empty if there is none. */
    public static Optional<ReferenceMethod> named(String name, AlgorithmConfig config) {
        return Optional.ofNullable(
                switch (name) {
                    case "maml", "fomaml" -> adapting(new StepRule(config));
                    case "anil" -> adapting(new StepRules.Partial(config, "anil.adapt"));
                    case "meta-sgd" -> adapting(new StepRules.MetaSgd(config));
                    case "maml-plus-plus" -> adapting(new StepRules.PlusPlus(config));
                    case "proto-maml" -> adapting(new StepRules.PrototypeHead(config));
                    case "transfer" -> adapting(new StepRule(config, 0));
                    case "random" -> task -> new NoAdaptation(task, new StepRule(config, 0));
                    case "imaml" -> task -> new ImplicitReference(task, config);
                    case "reptile" -> task -> new ReptileReference(task, config);
                    case "proto-net" -> task -> new ProtoNetReference(task, config);
                    case "relation-net" -> RelationNetReference::new;
                    case "hypernetwork" -> task -> new HypernetworkReference(task, config);
                    case "cnp" -> NeuralProcessReference::new;
                    case "bayesian-linear" -> task -> new BayesianLinearReference(task, config);
                    case "ridge-head", "logistic-head" -> task -> new ClosedFormReference(task, name);
                    default -> null;
                });
    }

    private static ReferenceMethod adapting(StepRule rule) {
        return task -> new InnerLoopReference(task, rule);
    }
}
