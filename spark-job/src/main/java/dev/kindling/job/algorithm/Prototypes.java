package dev.kindling.job.algorithm;

import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;

/** Means of the features of each class's support examples: Snell, Swersky and Zemel, NeurIPS 2017, equation 1. */
final class Prototypes {
    private Prototypes() {}

    /**
     * The prototypes.
     *
     * @param features [examples, features] of the support set
     * @param y labels [examples]
     * @return [ways, features]
     */
    static Value of(Builder b, Value features, Value y, int ways) {
        Value members = b.oneHot(y, ways);
        Value counts = b.reshape(b.sum(members, 0), Shape.of(ways, 1));
        return b.div(b.matmul(members, features, true, false), counts);
    }
}
