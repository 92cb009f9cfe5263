package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import java.util.List;

/**
 * Almost no inner loop: Raghu, Raghu, Bengio and Vinyals, ICLR 2020, section 4. As {@link Maml}, but only the output layer
 * adapts, or whichever parameters are named; the others learn from the query loss alone. The features of the support set
 * are then the same in every step.
 */
public final class Anil extends GradientBasedMethod {
    static final String NAME = "anil";
    /** Steps of a small part of the network share most of their arithmetic where they are written out. */
    private static final int UNROLL_LIMIT = 16;

    private Anil(PartialUpdate rule) {
        super(NAME, rule, rule.settings().steps());
    }

    static Algorithm of(AlgorithmConfig config) {
        return new Anil(new PartialUpdate(
                InnerSettings.of(config), new NamePatterns("anil.adapt", config.strings("anil.adapt"))));
    }

    /** Steps of some of the parameters. */
    private record PartialUpdate(InnerSettings settings, NamePatterns adapt) implements InnerUpdate {
        /** Stands for the parameters of the output layer. */
        private static final String HEAD = "head";

        @Override
        public List<String> adapting(Model model) {
            List<String> all = InnerUpdate.super.adapting(model);
            List<String> head = model.head();
            return adapt.patterns().equals(List.of(HEAD))
                    ? all.stream().filter(head::contains).toList()
                    : adapt.matching(all);
        }

        @Override
        public int unrollLimit() {
            return UNROLL_LIMIT;
        }
    }

    @Override
    public Claim claim() {
        return Claim.EXACT;
    }
}
