package dev.kindling.driver.aggregator;

import dev.kindling.job.tensor.Storage;

/** How a meta-gradient that is too large is made smaller before the meta-optimizer sees it. */
public sealed interface Clip {
    /** Leaves every meta-gradient as it is. */
    record None() implements Clip {
        @Override
        public void apply(Storage gradient, double norm) {}
    }

    /**
     * Scales a meta-gradient whose Euclidean norm over all of θ is above {@code limit} down to that norm; its direction
     * stays (Pascanu, Mikolov and Bengio 2013).
     *
     * @param limit above 0
     */
    record ByNorm(double limit) implements Clip {
        public ByNorm {
            if (!(limit > 0) || Double.isInfinite(limit)) {
                throw new IllegalArgumentException(
                        "optimizer.clip is " + limit + "; it must be a finite number above 0, or 0 for no clipping");
            }
        }

        @Override
        public void apply(Storage gradient, double norm) {
            if (norm > limit) {
                double scale = limit / norm;
                for (int i = 0; i < gradient.size(); i++) {
                    gradient.set(i, gradient.at(i) * scale);
                }
            }
        }
    }

    /** What {@code optimizer.clip} means: 0 is no clipping, any other number a limit on the norm. */
    static Clip byNorm(double limit) {
        return limit == 0 ? new None() : new ByNorm(limit);
    }

    /**
     * Clips in place.
     *
     * @param norm the gradient's Euclidean norm, which the caller has at hand
     */
    void apply(Storage gradient, double norm);
}
