package dev.kindling;

/** Implicit MAML: Rajeswaran, Finn, Kakade and Levine, NeurIPS 2019. */
public final class ImplicitMaml {
    private ImplicitMaml() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends InnerLoopBuilder<Builder> {
        private Builder() {
            super("imaml");
        }

        @Override
        Builder self() {
            return this;
        }

        /** The strength λ of the proximal term, above 0. */
        public Builder lambda(double strength) {
            return set("imaml.lambda", strength);
        }

        /** The solver of the linear system: {@code cg}, {@code neumann} or {@code identity}. */
        public Builder solver(String name) {
            return set("imaml.solver", name);
        }

        /** Hessian-vector products at most. */
        public Builder maxIterations(int iterations) {
            return set("imaml.max-iterations", iterations);
        }

        /** Added to the identity of the system. */
        public Builder damping(double damping) {
            return set("imaml.damping", damping);
        }

        /** The relative residual at which conjugate gradients stop. */
        public Builder tolerance(double residual) {
            return set("imaml.tolerance", residual);
        }

        /** How a Hessian-vector product is computed: {@code exact}, or {@code difference} of two gradients. */
        public Builder product(String name) {
            return set("imaml.product", name);
        }

        /** The relaxation of the Neumann series, above 0. */
        public Builder relaxation(double factor) {
            return set("imaml.relaxation", factor);
        }
    }
}
