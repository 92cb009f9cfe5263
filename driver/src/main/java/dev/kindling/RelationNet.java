package dev.kindling;

/** Relation networks: Sung et al., CVPR 2018. */
public final class RelationNet {
    private RelationNet() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends MethodBuilder<Builder> {
        private Builder() {
            super("relation-net");
        }

        @Override
        Builder self() {
            return this;
        }
    }
}
