package dev.kindling.driver.check.reference;

import dev.kindling.job.algorithm.AlgorithmConfig;
import java.util.Optional;

/** The methods that {@code check} computes step by step, by {@code algorithm.name}. */
public final class References {
    private References() {}

    /** The method of a name as it is configured; empty for one that is not computed here. */
    public static Optional<ReferenceMethod> named(String name, AlgorithmConfig config) {
        return Optional.ofNullable(
                switch (name) {
                    case "maml", "fomaml" -> adapting(new StepRule(config));
                    case "anil" -> adapting(new StepRules.Anil(config));
                    case "meta-sgd" -> adapting(new StepRules.MetaSgd(config));
                    case "maml-plus-plus" -> adapting(new StepRules.PlusPlus(config));
                    case "proto-maml" -> adapting(new StepRules.PrototypeHead(config));
                    case "transfer" -> adapting(new StepRule(config, 0));
                    case "random" -> task -> new NoAdaptationReference(task, new StepRule(config, 0));
                    case "imaml" -> task -> new ImplicitReference(task, config);
                    case "reptile" -> task -> new ReptileReference(task, config);
                    case "proto-net" -> task -> new ProtoNetReference(task, config);
                    case "relation-net" -> RelationNetReference::new;
                    case "hypernetwork" -> task -> new HypernetworkReference(task, config);
                    case "cnp" -> NeuralProcessReference::new;
                    default -> null;
                });
    }

    private static ReferenceMethod adapting(StepRule rule) {
        return task -> new InnerLoopReference(task, rule);
    }
}
