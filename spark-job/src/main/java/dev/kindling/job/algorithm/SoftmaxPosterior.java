package dev.kindling.job.algorithm;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The Laplace approximation of the posterior of a softmax over C classes, each of whose logits deviates from its prior mean by an
 * independent Gaussian process of one covariance K (Rasmussen and Williams 2006, section 3.5, algorithms 3.3 and 3.4).
 *
 * <p>The curvature of the loss of an example with probabilities π and weight w is w (diag π - π πᵀ). With D_c = w π_c of all
 * examples, E_c = √D_c (I + √D_c K √D_c)⁻¹ √D_c and M = Σ E_c, a Newton step is
 *
 * <pre>
 * b_c = D_c f_c - D_c Σ π_j f_j + w (y_c - π_c)
 * a_c = b_c - E_c K b_c + E_c M⁻¹ Σ E_j K b_j
 * f_c = K a_c
 * </pre>
 *
 * <p>which costs C + 1 Cholesky factorisations of one row for each support example.
 *
 * @param weights of the support examples, [examples]; an example of weight 0 has no effect
 */
record SoftmaxPosterior(ProgramBuilder b, HeadCovariance covariance, Value weights) {
    private static final int NEWTON_STEPS = 6;

    /** The least probability in the curvature, so that a confident wrong prior leaves some. */
    private static final double LEAST_PROBABILITY = 1e-4;

    /**
     * The logits of the queries, whose softmax approximates the mean of the softmax over the posterior. The logit of each class
     * against the mean of the others, g = C/(C-1) (f_c - mean f), of mean μ and variance v, becomes μ / √(1 + π/8 v) (MacKay
     * 1992, for each class against the others as in Gibbs 1997, section 5); with two classes it is MacKay's formula for their
     * difference.
     *
     * @param labels 0 .. C-1, [examples]
     * @param prior the logits of the prior mean at the support examples, [examples, C]
     * @param queryPrior the same at the queries, [queries, C]
     * @return [queries, C], of mean 0 over classes
     */
    Value logits(Value labels, Value prior, Value queryPrior) {
        int classes = prior.shape().dim(1);
        Value targets = b.oneHot(labels, classes);
        Value mode = mode(targets, prior);
        Curvature at = curvature(b.add(prior, mode));
        Value gradient = b.mul(column(weights), b.sub(targets, at.probabilities()));
        Value mean = b.add(queryPrior, b.matmul(covariance.cross(), gradient));
        Value centred = b.sub(mean, b.meanKept(mean, 1));
        Value factor = b.constant(StrictMath.PI / 8 * classes * classes / ((classes - 1.0) * (classes - 1)));
        return b.div(centred, b.sqrt(b.add(b.constant(1), b.mul(factor, b.relu(variance(at, classes))))));
    }

    /** The mode of the deviations at the support examples, [examples, C]. */
    private Value mode(Value targets, Value prior) {
        Map<String, Value> invariants = new LinkedHashMap<>();
        invariants.put("covariance", covariance.support());
        invariants.put("weights", weights);
        invariants.put("targets", targets);
        invariants.put("prior", prior);
        Map<String, Value> carries = Map.of("deviation", b.full(prior.shape(), 0));
        LoopBuilder loop = new LoopBuilder(b, NEWTON_STEPS, carries, Map.of(), invariants);
        Value inside = NamedValues.value(loop.fixed(), "covariance");
        SoftmaxPosterior step = new SoftmaxPosterior(
                loop.step(), new HeadCovariance(inside, inside, inside), NamedValues.value(loop.fixed(), "weights"));
        Value next = step.newtonStep(
                NamedValues.value(loop.fixed(), "targets"),
                NamedValues.value(loop.fixed(), "prior"),
                NamedValues.value(loop.carried(), "deviation"));
        return NamedValues.value(loop.run("newton-step", Map.of("deviation", next), Map.of()), "deviation");
    }

    private Value newtonStep(Value targets, Value prior, Value deviation) {
        Curvature at = curvature(b.add(prior, deviation));
        Value common = b.sumKept(b.mul(at.bounded(), deviation), 1);
        Value gradient = b.mul(column(weights), b.sub(targets, at.probabilities()));
        Value right = b.add(b.mul(at.precisions(), b.sub(deviation, common)), gradient);
        Value product = b.matmul(covariance.support(), right);
        List<Value> removed = new ArrayList<>();
        for (int k = 0; k < at.inverses().size(); k++) {
            removed.add(b.matmul(at.inverses().get(k), b.slice(product, 1, k, k + 1)));
        }
        Value shared = b.solve(at.sum(), b.sumKept(b.concat(1, removed), 1));
        List<Value> returned =
                at.inverses().stream().map(inverse -> b.matmul(inverse, shared)).toList();
        Value a = b.add(b.sub(right, b.concat(1, removed)), b.concat(1, returned));
        return b.matmul(covariance.support(), a);
    }

    /** The posterior variance of f_c - mean f at the queries, [queries, C]. */
    private Value variance(Curvature at, int classes) {
        Value cross = b.transpose(covariance.cross(), 1, 0);
        List<Value> variances = new ArrayList<>();
        for (Value inverse : at.inverses()) {
            Value product = b.matmul(inverse, cross);
            Value removed = b.sum(b.mul(cross, product), 0);
            Value returned = b.sum(b.mul(product, b.solve(at.sum(), product)), 0);
            // The mean of the logits is independent of the labels and of f_c - mean f.
            Value prior = b.mul(b.constant(1 - 1.0 / classes), covariance.query());
            variances.add(column(b.add(b.sub(prior, removed), returned)));
        }
        return b.concat(1, variances);
    }

    /**
     * The curvature at some logits.
     *
     * @param probabilities π, [examples, C]
     * @param bounded π with {@link #LEAST_PROBABILITY} in place of smaller ones, normalised
     * @param precisions D, of the bounded probabilities
     * @param inverses E_c
     * @param sum M, with 1 on the diagonal for examples of weight 0
     */
    private record Curvature(Value probabilities, Value bounded, Value precisions, List<Value> inverses, Value sum) {}

    private Curvature curvature(Value logits) {
        int examples = logits.shape().dim(0);
        int classes = logits.shape().dim(1);
        Value largest = b.reshape(b.stopGradient(b.max(logits)), Shape.of(examples, 1));
        Value exponentials = b.exp(b.sub(logits, largest));
        Value probabilities = b.div(exponentials, b.sumKept(exponentials, 1));
        Value least = b.constant(LEAST_PROBABILITY);
        Value floored = b.select(b.greater(probabilities, least), probabilities, least);
        Value bounded = b.div(floored, b.sumKept(floored, 1));
        Value precisions = b.mul(bounded, column(weights));
        Value absent = b.equal(weights, b.constant(0));
        Value sum = b.diagonal(absent);
        List<Value> inverses = new ArrayList<>();
        for (int k = 0; k < classes; k++) {
            Value inverse = inverse(HeadPosterior.root(b, b.slice(precisions, 1, k, k + 1)));
            inverses.add(inverse);
            sum = b.add(sum, inverse);
        }
        return new Curvature(probabilities, bounded, precisions, inverses, sum);
    }

    /** √D (I + √D K √D)⁻¹ √D, [examples, examples], for √D [examples, 1]. */
    private Value inverse(Value root) {
        int examples = root.shape().dim(0);
        Value across = b.reshape(root, Shape.of(1, examples));
        Value identity = b.diagonal(b.full(Shape.of(examples), 1));
        Value system = b.add(b.mul(b.mul(covariance.support(), root), across), identity);
        return b.mul(b.mul(b.solve(system, identity), root), across);
    }

    private Value column(Value vector) {
        return b.reshape(vector, Shape.of(vector.shape().size(), 1));
    }
}
