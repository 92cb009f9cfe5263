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

        /**
         * The vectors that are learned of the values of categories, where a table's are indexed ({@link Tables.Builder#embedding}).
         *
         * @param size elements of a vector
         * @param penalty factor of the mean squared norm that training adds to the loss
         */
        public Builder embedding(int size, double penalty) {
            return set("bayesian-linear.embedding-size", size).set("bayesian-linear.embedding-penalty", penalty);
        }

        /** No process in the order of a table's rows in the prior; by default there is one where the order is a numeric feature. */
        public Builder withoutOrderKernel() {
            return set("bayesian-linear.order-kernel", false);
        }
    }
}
