package dev.kindling.job.algorithm;

import dev.kindling.job.model.Model;
import java.util.List;

/**
 * ANIL (Almost No Inner Loop): Raghu, Raghu, Bengio and Vinyals, ICLR 2020, section 4. As {@link MamlAlgorithm}, but only the output
 * layer, or the configured parameters, adapt; the others are learned from the query loss only. The features of the support
 * set are the same in every step.
 */
public final class AnilAlgorithm extends GradientBasedMethod {
    static final String NAME = "anil";
    /** Unrolled steps of a small part of the network share most of their arithmetic, so more steps are unrolled than usual. */
    static final int UNROLL_LIMIT = 16;

    private AnilAlgorithm(PartialUpdate rule) {
        super(NAME, rule, rule.settings().steps());
    }

    static Algorithm of(AlgorithmConfig config) {
        return new AnilAlgorithm(new PartialUpdate(
                InnerSettings.of(config), new NamePatterns("anil.adapt", config.strings("anil.adapt"))));
    }

    /** An inner update of some of the parameters. */
    private record PartialUpdate(InnerSettings settings, NamePatterns adapt) implements InnerUpdate {
        @Override
        public List<String> adapting(Model model) {
            return adapt.matching(InnerUpdate.super.adapting(model), model.head());
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
