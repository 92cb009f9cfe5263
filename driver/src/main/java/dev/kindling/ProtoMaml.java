package dev.kindling;

import java.util.List;

/** Proto-MAML: Triantafillou et al., ICLR 2020; the output layer starts from the prototypes of the support set. */
public final class ProtoMaml {
    private ProtoMaml() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends InnerLoopBuilder<Builder> {
        private Builder() {
            super("proto-maml");
        }

        @Override
        Builder self() {
            return this;
        }

        /** The parameters that adapt: {@code *} for all, {@code head} for the output layer, or patterns of names such as {@code 12_*}. */
        public Builder adapt(String... patterns) {
            return set("proto-maml.adapt", List.of(patterns));
        }
    }
}
