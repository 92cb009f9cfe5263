package dev.kindling.driver.aggregator;

import dev.kindling.job.tensor.FlatVector;

/** Clips a meta-gradient before the meta-optimizer step. */
public sealed interface Clip {
    /** No clipping. */
    record None() implements Clip {
        @Override
        public void apply(FlatVector gradient, double norm) {}
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
                throw new IllegalArgumentException("optimizer.clip-norm is " + limit
                        + "; it must be a finite number above 0, or 0 for no clipping");
            }
        }

        @Override
        public void apply(FlatVector gradient, double norm) {
            if (norm > limit) {
                double scale = limit / norm;
                for (int i = 0; i < gradient.size(); i++) {
                    gradient.set(i, gradient.at(i) * scale);
                }
            }
        }
    }

    /**
     * Limits each element of a meta-gradient to [-limit, limit]; its direction changes.
     *
     * @param limit above 0
     */
    record ByValue(double limit) implements Clip {
        public ByValue {
            if (!(limit > 0) || Double.isInfinite(limit)) {
                throw new IllegalArgumentException("optimizer.clip-value is " + limit
                        + "; it must be a finite number above 0, or 0 for no clipping");
            }
        }

        @Override
        public void apply(FlatVector gradient, double norm) {
            for (int i = 0; i < gradient.size(); i++) {
                double value = gradient.at(i);
                if (Math.abs(value) > limit) {
                    gradient.set(i, Math.copySign(limit, value));
                }
            }
        }
    }

    /**
     * What {@code optimizer.clip-norm} and {@code optimizer.clip-value} mean: 0 means no clipping, any other value limits the norm
     * or each element. Throws IllegalArgumentException if both are set: the result would depend on their order.
     */
    static Clip of(double norm, double value) {
        if (norm != 0 && value != 0) {
            throw new IllegalArgumentException("optimizer.clip-norm is " + norm + " and optimizer.clip-value is "
                    + value + "; one of them must be 0");
        }
        return value != 0 ? new ByValue(value) : byNorm(norm);
    }

    /** What {@code optimizer.clip-norm} means alone. */
    static Clip byNorm(double limit) {
        return limit == 0 ? new None() : new ByNorm(limit);
    }

    /**
     * Clips in place.
     *
     * @param norm the gradient's Euclidean norm, which the caller has computed
     */
    void apply(FlatVector gradient, double norm);
}
