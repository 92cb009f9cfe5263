package dev.kindling;

/** Conditional neural processes: Garnelo et al., ICML 2018. */
public final class ConditionalNeuralProcess {
    private ConditionalNeuralProcess() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends MethodBuilder<Builder> {
        private Builder() {
            super("cnp");
        }

        @Override
        Builder self() {
            return this;
        }

        /** Units of the hidden layers, and of the representation of a task. */
        public Builder hiddenUnits(int units) {
            return set("cnp.width", units);
        }
    }
}
