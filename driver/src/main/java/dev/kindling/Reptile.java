package dev.kindling;

/** Reptile: Nichol, Achiam and Schulman, 2018. */
public final class Reptile {
    private Reptile() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends InnerLoopBuilder<Builder> {
        private Builder() {
            super("reptile");
        }

        @Override
        Builder self() {
            return this;
        }

        /** The share ε of the way from θ to the mean of the adapted parameters. */
        public Builder outerStepSize(LearningRate size) {
            return set("reptile.step", size.value());
        }

        /** Examples of a mini-batch; 0 for the whole support set. */
        public Builder batch(int examples) {
            return set("reptile.batch", examples);
        }
    }
}
