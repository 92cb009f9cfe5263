package dev.kindling;

/** Prototypical networks: Snell, Swersky and Zemel, NeurIPS 2017. */
public final class ProtoNet {
    private ProtoNet() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends MethodBuilder<Builder> {
        private Builder() {
            super("proto-net");
        }

        @Override
        Builder self() {
            return this;
        }

        /** How near a query is to a prototype: {@code euclidean} or {@code cosine}. */
        public Builder measure(String name) {
            return set("proto-net.measure", name);
        }

        /** The factor of the measure before the softmax. */
        public Builder scale(double factor) {
            return set("proto-net.scale", factor);
        }
    }
}
