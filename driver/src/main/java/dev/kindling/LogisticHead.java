package dev.kindling;

/** Logistic regression as output layer, LR-D2: Bertinetto et al., ICLR 2019. For tasks with classes. */
public final class LogisticHead {
    private LogisticHead() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends MethodBuilder<Builder> {
        private Builder() {
            super("logistic-head");
        }

        @Override
        Builder self() {
            return this;
        }

        /** Initial penalty on half the squared weights of the output layer, which is learned; above 0. */
        public Builder initialPenalty(double penalty) {
            return set("logistic-head.penalty", penalty);
        }
    }
}
