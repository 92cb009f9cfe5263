package dev.kindling;

/** Linear regressions drawn at random; for tests and measurements. */
public final class LinearRegressions {
    private LinearRegressions() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the distribution. */
    public static final class Builder extends TaskDistributionBuilder<Builder> {
        private Builder() {
            super("regression");
        }

        @Override
        Builder self() {
            return this;
        }
    }
}
