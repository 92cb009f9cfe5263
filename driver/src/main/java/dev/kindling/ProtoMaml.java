package dev.kindling;

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
    }
}
