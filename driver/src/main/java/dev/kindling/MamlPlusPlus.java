package dev.kindling;

/** MAML++: Antoniou, Edwards and Storkey, ICLR 2019. */
public final class MamlPlusPlus {
    private MamlPlusPlus() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends InnerLoopBuilder<Builder> {
        private Builder() {
            super("maml-plus-plus");
        }

        @Override
        Builder self() {
            return this;
        }

        /** Rounds over which the query losses after earlier steps lose their weight; 0 for the last step alone. */
        public Builder multiStepLossRounds(long rounds) {
            return set("maml-plus-plus.anneal", rounds);
        }

        /** The first round whose outer derivative contains the inner gradients. */
        public Builder firstOrderUntil(long round) {
            return set("maml-plus-plus.first-order-until", round);
        }

        /** Tasks adapt batch norm's gamma and beta too, each step from separate values. */
        public Builder adaptNormalisation() {
            return set("maml-plus-plus.adapt-normalisation", true);
        }
    }
}
