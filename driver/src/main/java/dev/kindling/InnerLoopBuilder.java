package dev.kindling;

/**
 * Builds a method whose tasks adapt by inner steps.
 *
 * @param <B> the builder's own type
 */
public abstract class InnerLoopBuilder<B extends InnerLoopBuilder<B>> extends MethodBuilder<B> {
    InnerLoopBuilder(String name) {
        super(name);
    }

    /** The learning rate α of inner steps. */
    public final B innerLearningRate(double rate) {
        return set("algorithm.inner-learning-rate", rate);
    }

    /** Inner steps of a training task. */
    public final B innerSteps(int steps) {
        return set("algorithm.inner-steps", steps);
    }

    /** The inner optimizer: {@code sgd}, {@code momentum}, {@code rmsprop} or {@code adam}. */
    public final B innerOptimizer(String name) {
        return set("algorithm.inner-optimizer", name);
    }
}
