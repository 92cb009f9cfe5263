package dev.kindling;

/** Joint training: one network is trained on all tasks together and adapted by descent when it is evaluated. */
public final class Transfer {
    private Transfer() {}

    /** A builder; what it does not set keeps the default of {@code reference.conf}. */
    public static Builder builder() {
        return new Builder();
    }

    /** Builds the method. */
    public static final class Builder extends MethodBuilder<Builder> {
        private Builder() {
            super("transfer");
        }

        @Override
        Builder self() {
            return this;
        }
    }
}
