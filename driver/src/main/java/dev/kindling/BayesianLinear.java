package dev.kindling;

/** The Bayesian linear head of ALPaCA: Harrison, Sharma and Pavone, WAFR 2018. For regression with one output, or classes. */
public final class BayesianLinear {
    private BayesianLinear() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends MethodBuilder<Builder> {
        private Builder() {
            super("bayesian-linear");
        }

        @Override
        Builder self() {
            return this;
        }

        /** Learned features of the head, in addition to a constant and, where inputs are vectors, the inputs. */
        public Builder features(int count) {
            return set("bayesian-linear.features", count);
        }

        /** No process in the order of a table's rows in the prior; by default there is one where the order is a numeric feature. */
        public Builder withoutOrderKernel() {
            return set("bayesian-linear.order-kernel", false);
        }
    }
}
