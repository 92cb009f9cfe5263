package dev.kindling;

import java.util.List;

/** Meta-SGD: Li, Zhou, Chen and Li, 2017; learns a rate for each parameter. */
public final class MetaSgd {
    private MetaSgd() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends InnerLoopBuilder<Builder> {
        private Builder() {
            super("meta-sgd");
        }

        @Override
        Builder self() {
            return this;
        }

        /** The range from which the initial learned rates are drawn. */
        public Builder learningRates(double low, double high) {
            return set("meta-sgd.learning-rate", List.of(low, high));
        }

        /** The initial value of every learned rate. */
        public Builder learningRate(double rate) {
            return set("meta-sgd.learning-rate", rate);
        }
    }
}
