package dev.kindling;

import java.util.List;

/** ANIL: Raghu, Raghu, Bengio and Vinyals, ICLR 2020; only the named parameters adapt. */
public final class Anil {
    private Anil() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends InnerLoopBuilder<Builder> {
        private Builder() {
            super("anil");
        }

        @Override
        Builder self() {
            return this;
        }

        /** The parameters that adapt: {@code head}, or patterns of names such as {@code 13_*}. */
        public Builder adapt(String... patterns) {
            return set("anil.adapt", List.of(patterns));
        }
    }
}
