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

        /** Examples of a mini-batch in validation and evaluation; 0 for the whole support set. */
        public Builder evaluationBatch(int examples) {
            return set("reptile.evaluation-batch", examples);
        }

        /** The meta-optimizer takes (θ - φ)/(k α) as a gradient, instead of a step towards the mean of the adapted parameters. */
        public Builder metaOptimizer() {
            return set("reptile.step", "optimizer");
        }

        /** The inner optimizer's moments are carried from round to round, as the authors' code does. */
        public Builder carryMoments() {
            return set("reptile.carry-moments", true);
        }

        /**
         * Divides a round's tasks into groups with outer steps of their own before the reduction.
         *
         * @param islands groups, independent of the number of executors; 0 for none
         * @param steps outer steps of a group in a round
         * @param rate the fraction of the way to the mean of its tasks that a group moves in a step
         */
        public Builder islands(int islands, int steps, double rate) {
            return set("reptile.islands", islands)
                    .set("reptile.island-steps", steps)
                    .set("reptile.island-rate", rate);
        }
    }
}
