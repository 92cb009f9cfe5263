package dev.kindling;

/** First-order MAML: Finn, Abbeel and Levine, ICML 2017, section 5.2; the adaptation counts as if its derivative were one. */
public final class Fomaml {
    private Fomaml() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends InnerLoopBuilder<Builder> {
        private Builder() {
            super("fomaml");
        }

        @Override
        Builder self() {
            return this;
        }
    }
}
