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

    /**
     * Constants of the inner optimizer.
     *
     * @param beta1 decay of the first moment, or of the velocity of momentum, from step to step
     * @param beta2 decay of the second moment from step to step
     * @param epsilon added to the root of the second moment
     */
    public final B innerMoments(double beta1, double beta2, double epsilon) {
        return set("algorithm.inner-beta1", beta1)
                .set("algorithm.inner-beta2", beta2)
                .set("algorithm.inner-epsilon", epsilon);
    }

    /** Inner steps up to which the program of a training task is unrolled; above it is a loop. Results agree to rounding. */
    public final B unroll(int steps) {
        return set("algorithm.unroll", steps);
    }
}
