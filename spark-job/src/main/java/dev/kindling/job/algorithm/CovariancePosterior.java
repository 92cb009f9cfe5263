package dev.kindling.job.algorithm;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.Map;

/**
 * The posterior for any covariance matrix, computed with a system of one row for each support example (Rasmussen and Williams
 * 2006, algorithms 2.1 and 3.1).
 */
final class CovariancePosterior extends HeadPosterior {
    private final HeadCovariance covariance;

    /**
     * A posterior.
     *
     * @param weights of the support examples, [examples]
     */
    CovariancePosterior(ProgramBuilder b, HeadCovariance covariance, Value weights) {
        super(b, weights);
        this.covariance = covariance;
    }

    @Override
    Value atSupport(Value precision, Value target) {
        return b().matmul(covariance.support(), ofPrecisions(precision, target));
    }

    @Override
    Value atQueries(Value precision, Value target) {
        return crossed(ofPrecisions(precision, target));
    }

    @Override
    Value crossed(Value matrix) {
        return b().matmul(covariance.cross(), matrix);
    }

    @Override
    Map<String, Value> invariants() {
        return Map.of("covariance", covariance.support());
    }

    @Override
    HeadPosterior within(ProgramBuilder step, Map<String, Value> fixed, Value weightsWithin) {
        Value inside = NamedValues.value(fixed, "covariance");
        return new CovariancePosterior(step, new HeadCovariance(inside, inside, inside), weightsWithin);
    }

    /** (I + K P)⁻¹ t = t - √P (I + √P K √P)⁻¹ √P K t for t, P times the targets: no division by a precision of 0. */
    private Value ofPrecisions(Value precision, Value target) {
        Value root = column(root(b(), precision));
        Value right = b().mul(b().matmul(covariance.support(), target), root);
        return b().sub(target, b().mul(b().solve(system(root), right), root));
    }

    @Override
    Value variance(Value precision) {
        Value root = column(root(b(), precision));
        Value cross = b().mul(b().transpose(covariance.cross(), 1, 0), root);
        Value reduction = b().sum(b().mul(cross, b().solve(system(root), cross)), 0);
        return b().sub(covariance.query(), reduction);
    }

    /** I + √P K √P, [examples, examples], for √P [examples, 1]. */
    private Value system(Value root) {
        int examples = root.shape().dim(0);
        Value rows = b().mul(covariance.support(), root);
        Value scaled = b().mul(rows, b().reshape(root, Shape.of(1, examples)));
        return b().add(scaled, b().diagonal(b().full(Shape.of(examples), 1)));
    }
}
