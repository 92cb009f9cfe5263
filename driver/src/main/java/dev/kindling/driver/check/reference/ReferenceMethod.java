package dev.kindling.driver.check.reference;

/** A configured method as {@code check} computes it. */
@FunctionalInterface
public interface ReferenceMethod {
    /** The method on one task. */
    Reference on(TaskContext task);
}
