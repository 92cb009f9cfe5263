package dev.kindling;

/** Model-agnostic meta-learning, exact second order: Finn, Abbeel and Levine, ICML 2017, algorithm 2. */
public final class Maml {
    private Maml() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends InnerLoopBuilder<Builder> {
        private Builder() {
            super("maml");
        }

        @Override
        Builder self() {
            return this;
        }
    }
}
