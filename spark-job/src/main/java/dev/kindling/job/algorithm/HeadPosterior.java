package dev.kindling.job.algorithm;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The posterior, given the support set, of a task's deviation from its prior mean: a Gaussian process of mean 0. Observations
 * enter by their precisions, one for each support example, and by the products of precision and target. Subclasses represent
 * the covariance.
 */
abstract class HeadPosterior {
    /** Number of Newton steps of {@link #ofClasses}. */
    private static final int NEWTON_STEPS = 6;

    /** The smallest curvature of the logistic loss of an example that is used. */
    private static final double SMALLEST_CURVATURE = 1e-4;

    private final ProgramBuilder b;
    private final Value weights;

    /**
     * A posterior.
     *
     * @param weights of the support examples, [examples]; an example of weight 0 has no effect
     */
    HeadPosterior(ProgramBuilder b, Value weights) {
        this.b = b;
        this.weights = weights;
    }

    /** The posterior mean at the support examples for precisions [examples] and their products with targets: [examples, outputs]. */
    abstract Value atSupport(Value precision, Value target);

    /** The posterior mean at the queries for the same: [queries, outputs]. */
    abstract Value atQueries(Value precision, Value target);

    /** The covariances of queries and support examples times a matrix [examples, outputs]: [queries, outputs]. */
    abstract Value crossed(Value matrix);

    /** The posterior variance at the queries for precisions [examples]: [queries]. */
    abstract Value variance(Value precision);

    /** The values of which {@link #within} makes this posterior in the body of a loop. */
    abstract Map<String, Value> invariants();

    /** This posterior, of which only {@link #atSupport} is used, in the body of a loop with the given {@link #invariants}. */
    abstract HeadPosterior within(ProgramBuilder step, Map<String, Value> fixed, Value weightsWithin);

    /**
     * The posterior at the queries.
     *
     * @param mean [queries]
     * @param variance without noise, [queries]
     */
    record Predicted(Value mean, Value variance) {}

    /**
     * Fitted values, [examples, outputs] and [queries, outputs].
     *
     * @param support at the support examples
     * @param query at the queries
     */
    record Fitted(Value support, Value query) {}

    /**
     * The posterior of the logits' deviations from the prior mean.
     *
     * @param support the mode at the support examples, [examples]
     * @param mean at the queries, [queries]
     * @param variance at the queries, [queries]
     */
    record PredictedClasses(Value support, Value mean, Value variance) {}

    /**
     * The posterior for targets with Gaussian noise.
     *
     * @param residual target minus prior mean, [examples]
     * @param noise the noise variance of an example of weight 1, [examples]; it is divided by the weight
     */
    final Predicted ofValues(Value residual, Value noise) {
        Value precision = b.div(weights, noise);
        Value mean = atQueries(precision, column(b.mul(precision, residual)));
        return new Predicted(row(mean), variance(precision));
    }

    /**
     * The Laplace approximation for labels 0 and 1 with a logistic likelihood (Rasmussen and Williams 2006, section 3.4):
     * Newton's method for the mode, then the Gaussian of the curvature there.
     *
     * @param labels 0 or 1, [examples]
     * @param prior the logits of the prior mean, [examples]
     */
    final PredictedClasses ofClasses(Value labels, Value prior) {
        Map<String, Value> carries = new LinkedHashMap<>();
        carries.put("deviation", b.full(prior.shape(), 0));
        Map<String, Value> invariants = new LinkedHashMap<>(invariants());
        invariants.put("weights", weights);
        invariants.put("labels", labels);
        invariants.put("prior", prior);
        LoopBuilder loop = new LoopBuilder(b, NEWTON_STEPS, carries, Map.of(), invariants);
        HeadPosterior step = within(loop.step(), loop.fixed(), NamedValues.value(loop.fixed(), "weights"));
        Value next = step.newtonStep(
                NamedValues.value(loop.fixed(), "labels"),
                NamedValues.value(loop.fixed(), "prior"),
                NamedValues.value(loop.carried(), "deviation"));
        Value mode = NamedValues.value(loop.run("newton-step", Map.of("deviation", next), Map.of()), "deviation");

        Value probability = b.sigmoid(b.add(prior, mode));
        Value gradient = b.mul(weights, b.sub(labels, probability));
        Value precision = b.mul(weights, curvature(probability));
        return new PredictedClasses(mode, row(crossed(column(gradient))), variance(precision));
    }

    /** The deviation of the support examples after one step from the given one. */
    private Value newtonStep(Value labels, Value prior, Value deviation) {
        Value probability = b.sigmoid(b.add(prior, deviation));
        Value precision = b.mul(weights, curvature(probability));
        Value gradient = b.mul(weights, b.sub(labels, probability));
        Value target = b.add(b.mul(precision, deviation), gradient);
        return row(atSupport(precision, column(target)));
    }

    private Value curvature(Value probability) {
        Value curvature = b.mul(probability, b.sub(b.constant(1), probability));
        Value smallest = b.constant(SMALLEST_CURVATURE);
        return b.select(b.greater(curvature, smallest), curvature, smallest);
    }

    /** The root, with derivative 0 at 0, where only an example of weight 0 is. */
    static Value root(ProgramBuilder b, Value precision) {
        Value positive = b.greater(precision, b.constant(0));
        return b.select(positive, b.sqrt(b.select(positive, precision, b.constant(1))), b.constant(0));
    }

    final ProgramBuilder b() {
        return b;
    }

    final Value weights() {
        return weights;
    }

    /** A vector as a matrix of one column. */
    final Value column(Value vector) {
        return b.reshape(vector, Shape.of(vector.shape().size(), 1));
    }

    /** A matrix of one column as a vector. */
    final Value row(Value column) {
        return b.reshape(column, Shape.of(column.shape().size()));
    }
}
