package dev.kindling.driver.check.reference;

/** A method that learns nothing: every array contributes zeros. */
final class NoAdaptationReference extends InnerLoopReference {
    NoAdaptationReference(TaskContext task, StepRule rule) {
        super(task, rule);
    }

    @Override
    public NamedArrays known(NamedArrays theta) {
        return NamedArrays.zeros(task().theta());
    }
}
