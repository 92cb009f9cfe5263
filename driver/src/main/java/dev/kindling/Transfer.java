package dev.kindling;

/** Joint training: one network is trained on all tasks together and adapted by descent when it is evaluated. */
public final class Transfer {
    private Transfer() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends InnerLoopBuilder<Builder> {
        private Builder() {
            super("transfer");
        }

        @Override
        Builder self() {
            return this;
        }

        /**
         * Trains by Deeplearning4j's parameter averaging on Spark instead of the meta-optimizer; needs {@code cluster.mode = jobs}.
         *
         * @param workers among which a round's tasks are divided; not the number of executors
         * @param learningRate of their descent, on the query set of one task after another
         * @param step the fraction of the way to their average that θ moves in a round
         */
        public Builder parameterAveraging(int workers, double learningRate, LearningRate step) {
            return set("transfer.engine", "dl4j-spark")
                    .set("transfer.workers", workers)
                    .set("transfer.learning-rate", learningRate)
                    .set("transfer.step", step.value());
        }
    }
}
