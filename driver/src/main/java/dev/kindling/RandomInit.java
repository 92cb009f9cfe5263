package dev.kindling;

/** No meta-learning: the parameters stay as they were drawn; a baseline. */
public final class RandomInit {
    private RandomInit() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends InnerLoopBuilder<Builder> {
        private Builder() {
            super("random");
        }

        @Override
        Builder self() {
            return this;
        }
    }
}
