package dev.kindling.job.algorithm;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.Map;

/**
 * The posterior of a linear head's deviation ψ(x)·a from its prior mean, with a ~ N(0, I), where ψ(x) [width] contains the
 * prior covariance. Computed with a system of one row for each example or for each element of ψ, whichever is smaller: both
 * give the same posterior (Rasmussen and Williams 2006, section 2.1).
 */
final class LinearHeadPosterior extends HeadPosterior {
    private final Value support;
    private final Value query;

    /**
     * A posterior.
     *
     * @param support ψ of the support examples, [examples, width]
     * @param query ψ of the queries, [queries, width]
     * @param weights of the support examples, [examples]
     */
    LinearHeadPosterior(ProgramBuilder b, Value support, Value query, Value weights) {
        super(b, weights);
        this.support = support;
        this.query = query;
    }

    /** ψ of the queries. */
    Value query() {
        return query;
    }

    /**
     * The posterior mean of the deviation for targets [examples, outputs] with noise variance 1: ridge regression on ψ with
     * penalty 1, an output for each column.
     *
     * @return at the support examples and the queries
     */
    Fitted ofTargets(Value targets) {
        Value a = ofPrecisions(weights(), b().mul(b().broadcast(column(weights()), targets.shape()), targets));
        return new Fitted(b().matmul(support, a), b().matmul(query, a));
    }

    @Override
    Value atSupport(Value precision, Value target) {
        return b().matmul(support, ofPrecisions(precision, target));
    }

    @Override
    Value atQueries(Value precision, Value target) {
        return b().matmul(query, ofPrecisions(precision, target));
    }

    @Override
    Value crossed(Value matrix) {
        return b().matmul(query, b().matmul(support, matrix, true, false));
    }

    @Override
    Map<String, Value> invariants() {
        return Map.of("support", support);
    }

    @Override
    HeadPosterior within(ProgramBuilder step, Map<String, Value> fixed, Value weightsWithin) {
        Value inside = NamedValues.value(fixed, "support");
        return new LinearHeadPosterior(step, inside, inside, weightsWithin);
    }

    /** The posterior mean of a, [width, outputs], for the precision P of each example and P times its targets, [examples, outputs]. */
    private Value ofPrecisions(Value precision, Value target) {
        if (examples() <= width()) {
            // a = ψᵀ (t - √P (I + √P K √P)⁻¹ √P K t) with K = ψ ψᵀ: no division by a precision of 0.
            Value scaled = scaled(precision);
            Value projected = b().matmul(support, target, true, false);
            Value solved = b().solve(gram(scaled), b().matmul(scaled, projected));
            return b().sub(projected, b().matmul(scaled, solved, true, false));
        }
        return b().solve(information(precision), b().matmul(support, target, true, false));
    }

    @Override
    Value variance(Value precision) {
        if (examples() <= width()) {
            Value scaled = scaled(precision);
            Value cross = b().matmul(scaled, query, false, true);
            Value reduction = b().sum(b().mul(cross, b().solve(gram(scaled), cross)), 0);
            return b().sub(b().sum(b().square(query), 1), reduction);
        }
        Value transposed = b().transpose(query, 1, 0);
        return b().sum(b().mul(transposed, b().solve(information(precision), transposed)), 0);
    }

    /** √P ψ, [examples, width]. */
    private Value scaled(Value precision) {
        return b().mul(support, broadcast(root(b(), precision)));
    }

    /** I + √P ψ ψᵀ √P, [examples, examples]. */
    private Value gram(Value scaled) {
        return b().add(b().matmul(scaled, scaled, false, true), b().diagonal(b().full(Shape.of(examples()), 1)));
    }

    /** I + ψᵀ P ψ, [width, width]. */
    private Value information(Value precision) {
        Value weighted = b().mul(support, broadcast(precision));
        return b().add(b().matmul(support, weighted, true, false), b().diagonal(b().full(Shape.of(width()), 1)));
    }

    private int examples() {
        return support.shape().dim(0);
    }

    private int width() {
        return support.shape().dim(1);
    }

    /** A value for each support example, [examples], repeated along the width. */
    private Value broadcast(Value each) {
        return b().broadcast(column(each), support.shape());
    }
}
