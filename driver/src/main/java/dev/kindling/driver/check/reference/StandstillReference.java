package dev.kindling.driver.check.reference;

/** A method that learns nothing: every array contributes zeros. */
final class StandstillReference extends InnerLoopReference {
    StandstillReference(TaskContext task, StepRule rule) {
        super(task, rule);
    }

    @Override
    public NamedArrays known(NamedArrays theta) {
        return NamedArrays.zeros(task().theta());
    }
}
