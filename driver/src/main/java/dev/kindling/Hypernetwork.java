package dev.kindling;

/** A hypernetwork that writes the parameters of a task's network from its support set: Ha, Dai and Le, ICLR 2017. */
public final class Hypernetwork {
    private Hypernetwork() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends MethodBuilder<Builder> {
        private Builder() {
            super("hypernetwork");
        }

        @Override
        Builder self() {
            return this;
        }

        /** Units of its hidden layers. */
        public Builder hiddenUnits(int units) {
            return set("hypernetwork.width", units);
        }

        /** The factor between its outputs and the parameters. */
        public Builder scale(double factor) {
            return set("hypernetwork.scale", factor);
        }
    }
}
