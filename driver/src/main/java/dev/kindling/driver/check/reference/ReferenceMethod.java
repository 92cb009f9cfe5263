package dev.kindling.driver.check.reference;

/** Creates the reference of a configured method for a task. */
@FunctionalInterface
public interface ReferenceMethod {
    /** The reference on one task. */
    Reference on(TaskContext task);
}
