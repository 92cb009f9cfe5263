package dev.kindling.job.algorithm;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The posterior of a linear head's deviation from its prior mean, given the support set. The deviation of a task is ψ(x)·a with
 * a ~ N(0, I), where ψ(x) [width] contains the prior covariance. Computed with a system of one row for each example or for
 * each element of ψ, whichever is smaller: both give the same posterior (Rasmussen and Williams 2006, section 2.1).
 *
 * @param support ψ of the support examples, [examples, width]
 * @param query ψ of the queries, [queries, width]
 * @param weights of the support examples, [examples]; an example of weight 0 has no effect
 */
record LinearHeadPosterior(ProgramBuilder b, Value support, Value query, Value weights) {
    /** Number of Newton steps of {@link #ofClasses}. */
    private static final int NEWTON_STEPS = 6;

    /** The smallest curvature of the logistic loss of an example that is used. */
    private static final double SMALLEST_CURVATURE = 1e-4;

    /**
     * The posterior at the queries.
     *
     * @param mean [queries]
     * @param variance without noise, [queries]
     */
    record Predicted(Value mean, Value variance) {}

    /**
     * The posterior for targets with Gaussian noise.
     *
     * @param residual target minus prior mean, [examples]
     * @param noise the noise variance of an example of weight 1, [examples]; it is divided by the weight
     */
    Predicted ofValues(Value residual, Value noise) {
        Value precision = b.div(weights, noise);
        Value mean = b.matmul(query, ofPrecisions(precision, column(b.mul(precision, residual))));
        return new Predicted(row(mean), variance(precision));
    }

    /**
     * The posterior mean of the deviation for targets [examples, outputs] with noise variance 1: ridge regression on ψ with
     * penalty 1, an output for each column.
     *
     * @return at the support examples and the queries
     */
    Fitted ofTargets(Value targets) {
        Value a = ofPrecisions(weights, b.mul(b.broadcast(column(weights), targets.shape()), targets));
        return new Fitted(b.matmul(support, a), b.matmul(query, a));
    }

    /**
     * Fitted values, [examples, outputs] and [queries, outputs].
     *
     * @param support at the support examples
     * @param query at the queries
     */
    record Fitted(Value support, Value query) {}

    /**
     * The Laplace approximation for labels 0 and 1 with a logistic likelihood (Rasmussen and Williams 2006, section 3.4):
     * Newton's method for the mode, then the Gaussian of the curvature there.
     *
     * @param labels 0 or 1, [examples]
     * @param prior the logits of the prior mean, [examples]
     */
    PredictedClasses ofClasses(Value labels, Value prior) {
        Map<String, Value> carries = new LinkedHashMap<>();
        carries.put("deviation", b.full(Shape.of(examples()), 0));
        Map<String, Value> invariants = new LinkedHashMap<>();
        invariants.put("support", support);
        invariants.put("weights", weights);
        invariants.put("labels", labels);
        invariants.put("prior", prior);
        LoopBuilder loop = new LoopBuilder(b, NEWTON_STEPS, carries, Map.of(), invariants);
        Value inside = NamedValues.value(loop.fixed(), "support");
        LinearHeadPosterior step =
                new LinearHeadPosterior(loop.step(), inside, inside, NamedValues.value(loop.fixed(), "weights"));
        Value next = step.newtonStep(
                NamedValues.value(loop.fixed(), "labels"),
                NamedValues.value(loop.fixed(), "prior"),
                NamedValues.value(loop.carried(), "deviation"));
        Value mode = NamedValues.value(loop.run("newton-step", Map.of("deviation", next), Map.of()), "deviation");

        Value probability = b.sigmoid(b.add(prior, mode));
        Value gradient = b.mul(weights, b.sub(labels, probability));
        Value precision = b.mul(weights, curvature(probability));
        Value mean = b.matmul(query, b.matmul(support, column(gradient), true, false));
        return new PredictedClasses(mode, row(mean), variance(precision));
    }

    /**
     * The posterior of the logits' deviations from the prior mean.
     *
     * @param support the mode at the support examples, [examples]
     * @param mean at the queries, [queries]
     * @param variance at the queries, [queries]
     */
    record PredictedClasses(Value support, Value mean, Value variance) {}

    /** The deviation of the support examples after one step from the given one. */
    private Value newtonStep(Value labels, Value prior, Value deviation) {
        Value probability = b.sigmoid(b.add(prior, deviation));
        Value precision = b.mul(weights, curvature(probability));
        Value gradient = b.mul(weights, b.sub(labels, probability));
        Value target = b.add(b.mul(precision, deviation), gradient);
        return row(b.matmul(support, ofPrecisions(precision, column(target))));
    }

    private Value curvature(Value probability) {
        Value curvature = b.mul(probability, b.sub(b.constant(1), probability));
        Value smallest = b.constant(SMALLEST_CURVATURE);
        return b.select(b.greater(curvature, smallest), curvature, smallest);
    }

    /** The posterior mean of a, [width, outputs], for the precision P of each example and P times its targets, [examples, outputs]. */
    private Value ofPrecisions(Value precision, Value target) {
        if (examples() <= width()) {
            // a = ψᵀ (t - √P (I + √P K √P)⁻¹ √P K t) with K = ψ ψᵀ: no division by a precision of 0.
            Value scaled = scaled(precision);
            Value projected = b.matmul(support, target, true, false);
            Value solved = b.solve(gram(scaled), b.matmul(scaled, projected));
            return b.sub(projected, b.matmul(scaled, solved, true, false));
        }
        return b.solve(information(precision), b.matmul(support, target, true, false));
    }

    /** The variance of ψ(query)·a for the precision of each example. */
    private Value variance(Value precision) {
        if (examples() <= width()) {
            Value scaled = scaled(precision);
            Value cross = b.matmul(scaled, query, false, true);
            Value reduction = b.sum(b.mul(cross, b.solve(gram(scaled), cross)), 0);
            return b.sub(b.sum(b.square(query), 1), reduction);
        }
        Value transposed = b.transpose(query, 1, 0);
        return b.sum(b.mul(transposed, b.solve(information(precision), transposed)), 0);
    }

    /** √P ψ, [examples, width]. */
    private Value scaled(Value precision) {
        return b.mul(support, broadcast(root(precision)));
    }

    /** I + √P ψ ψᵀ √P, [examples, examples]. */
    private Value gram(Value scaled) {
        return b.add(b.matmul(scaled, scaled, false, true), b.diagonal(b.full(Shape.of(examples()), 1)));
    }

    /** I + ψᵀ P ψ, [width, width]. */
    private Value information(Value precision) {
        Value weighted = b.mul(support, broadcast(precision));
        return b.add(b.matmul(support, weighted, true, false), b.diagonal(b.full(Shape.of(width()), 1)));
    }

    /** The root, with derivative 0 at 0, where only an example of weight 0 is. */
    private Value root(Value precision) {
        Value positive = b.greater(precision, b.constant(0));
        return b.select(positive, b.sqrt(b.select(positive, precision, b.constant(1))), b.constant(0));
    }

    private int examples() {
        return support.shape().dim(0);
    }

    private int width() {
        return support.shape().dim(1);
    }

    /** A value for each support example, [examples], repeated along the width. */
    private Value broadcast(Value each) {
        return b.broadcast(column(each), support.shape());
    }

    private Value column(Value vector) {
        return b.reshape(vector, Shape.of(vector.shape().size(), 1));
    }

    private Value row(Value column) {
        return b.reshape(column, Shape.of(column.shape().size()));
    }
}
