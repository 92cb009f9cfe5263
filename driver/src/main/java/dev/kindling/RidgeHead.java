package dev.kindling;

/** Ridge regression as output layer, R2-D2: Bertinetto et al., ICLR 2019. */
public final class RidgeHead {
    private RidgeHead() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends MethodBuilder<Builder> {
        private Builder() {
            super("ridge-head");
        }

        @Override
        Builder self() {
            return this;
        }

        /** Initial penalty on the squared weights of the output layer, which is learned; above 0. */
        public Builder initialPenalty(double penalty) {
            return set("ridge-head.penalty", penalty);
        }
    }
}
