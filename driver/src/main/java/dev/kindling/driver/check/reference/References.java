package dev.kindling.driver.check.reference;

import dev.kindling.job.algorithm.Options;
import java.util.Optional;

/** The methods that {@code check} computes step by step, by {@code algorithm.name}. */
public final class References {
    private References() {}

    /** The method of a name as it is configured; empty for one that is not computed here. */
    public static Optional<ReferenceMethod> named(String name, Options options) {
        return Optional.ofNullable(
                switch (name) {
                    case "maml", "fomaml" -> adapting(new StepRule(options));
                    case "anil" -> adapting(new StepRules.Anil(options));
                    case "meta-sgd" -> adapting(new StepRules.MetaSgd(options));
                    case "maml-plus-plus" -> adapting(new StepRules.PlusPlus(options));
                    case "proto-maml" -> adapting(new StepRules.PrototypeHead(options));
                    case "transfer" -> adapting(new StepRule(options, 0));
                    case "random" -> task -> new StandstillReference(task, new StepRule(options, 0));
                    case "imaml" -> task -> new ImplicitReference(task, options);
                    case "reptile" -> task -> new ReptileReference(task, options);
                    case "proto-net" -> task -> new ProtoNetReference(task, options);
                    case "relation-net" -> RelationNetReference::new;
                    case "hypernetwork" -> task -> new HypernetworkReference(task, options);
                    case "cnp" -> NeuralProcessReference::new;
                    default -> null;
                });
    }

    private static ReferenceMethod adapting(StepRule rule) {
        return task -> new InnerLoopReference(task, rule);
    }
}
