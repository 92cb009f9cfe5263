package dev.kindling;

/**
 * Builds a method.
 *
 * @param <B> the builder's own type
 */
public abstract class MethodBuilder<B extends MethodBuilder<B>> extends SettingsBuilder<B> {
    private final String name;

    MethodBuilder(String name) {
        this.name = name;
    }

    /** The method; its values are checked when a trainer is built. */
    public final Method build() {
        return new Method(name, settings());
    }
}
