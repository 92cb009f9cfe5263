package dev.kindling;

import java.util.List;

/** Regression of sine waves: Finn, Abbeel and Levine, ICML 2017, section 5.1. */
public final class Sinusoids {
    private Sinusoids() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the distribution. */
    public static final class Builder extends TaskDistributionBuilder<Builder> {
        private Builder() {
            super("sinusoid");
        }

        @Override
        Builder self() {
            return this;
        }

        /** The range of amplitudes. */
        public Builder amplitude(double low, double high) {
            return set("sinusoid.amplitude", List.of(low, high));
        }

        /** The range of phases, in radians. */
        public Builder phase(double low, double high) {
            return set("sinusoid.phase", List.of(low, high));
        }

        /** The range of frequencies. */
        public Builder frequency(double low, double high) {
            return set("sinusoid.frequency", List.of(low, high));
        }

        /** The range of inputs. */
        public Builder input(double low, double high) {
            return set("sinusoid.input", List.of(low, high));
        }

        /** Trains on so many fixed waves with fixed support points; 0 for a new one in each task. */
        public Builder pool(int waves) {
            return set("sinusoid.pool", waves);
        }

        /** The sign of the phase in y = A sin(frequency x ± phase): {@code minus} or {@code plus}. */
        public Builder phaseSign(String name) {
            return set("sinusoid.sign", name);
        }

        /** Where support points lie: on {@code both} sides of 0, or on {@code one}, drawn for each task. */
        public Builder side(String name) {
            return set("sinusoid.side", name);
        }

        /** Inputs are x, the task's amplitude and its phase, so that there is nothing to adapt to; the tasks are the same. */
        public Builder oracle() {
            return set("sinusoid.oracle", true);
        }
    }
}
