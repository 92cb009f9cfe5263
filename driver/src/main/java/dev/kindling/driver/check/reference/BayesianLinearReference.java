package dev.kindling.driver.check.reference;

import dev.kindling.driver.check.reference.ModelPasses.Result;
import dev.kindling.job.algorithm.AlgorithmConfig;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * The reference of the Bayesian linear head (Harrison, Sharma and Pavone, WAFR 2018, equations 5 to 8), from the encoder's
 * outputs on in Java. The coefficients have the information matrix I + ψᵀ P ψ whatever the number of examples; with a process in
 * the order of examples, or more than two classes, the deviation is a {@link GaussianProcess}.
 */
final class BayesianLinearReference extends ForwardReference {
    private static final String NAME = "bayesian-linear.";
    private static final String RATE = NAME + "log-order-rate";

    private final ModelPasses encoder;
    private final boolean skips;
    private final double embeddingPenalty;

    BayesianLinearReference(TaskContext task, AlgorithmConfig config) {
        super(task);
        this.embeddingPenalty = config.number(NAME + "embedding-penalty");
        this.encoder = task.passes(task.model().encoder());
        this.skips = task.model().parameters().entries().get(0).shape().rank() == 2;
    }

    /**
     * The values computed from inputs, a row for each example.
     *
     * @param phi [1, x, f]
     * @param features f
     */
    private record Inputs(double[][] phi, double[][] features) {}

    private Inputs inputs(NamedArrays theta, Examples examples, Result pass, Sides sides) {
        double[][] x = examples.rows();
        double[][] encoded = Examples.rows(pass.output().value(), examples.count());
        int linear = skips ? 1 + x[0].length : 1;
        double[][] phi = new double[x.length][];
        double[][] features = new double[x.length][];
        for (int i = 0; i < x.length; i++) {
            double[] projected = Perceptron.output(theta, NAME, 0, 1, encoded[i], sides);
            features[i] = new double[projected.length];
            phi[i] = new double[linear + projected.length];
            phi[i][0] = 1;
            System.arraycopy(x[i], 0, phi[i], 1, linear - 1);
            for (int j = 0; j < projected.length; j++) {
                features[i][j] = Math.tanh(projected[j]);
                phi[i][linear + j] = features[i][j];
            }
        }
        return new Inputs(phi, features);
    }

    @Override
    Prediction predict(NamedArrays theta, Sides sides) {
        Examples support = task().support();
        Examples query = task().query();
        Embedded passes = embedded(encoder, theta, sides);
        Inputs there = inputs(theta, support, passes.support(), sides);
        Inputs queried = inputs(theta, query, passes.query(), sides);
        double[][] factor = Examples.rows(theta.get(NAME + "L"), there.phi()[0].length);
        double[][] queryVectors = vectors(theta, query);
        double[][] psi = joined(PenalisedRegression.product(there.phi(), factor), vectors(theta, support));
        double[][] queryPsi = joined(PenalisedRegression.product(queried.phi(), factor), queryVectors);
        double[][] prior = mean(theta, there);
        double[][] queryPrior = mean(theta, queried);
        Prediction prediction;
        if (prior[0].length > 1) {
            double[][] logits = process(theta, psi, queryPsi).logits(support.y(), prior, queryPrior);
            prediction = new Prediction(prior, logits, NamedArrays.empty());
        } else {
            double[] mean = column(prior);
            double[] queryMean = column(queryPrior);
            if (theta.has(RATE)) {
                prediction = ordered(theta, process(theta, psi, queryPsi), there, queried);
            } else if (task().layout().classification()) {
                prediction = classes(support, mean, queryMean, psi, queryPsi);
            } else {
                prediction =
                        values(support, mean, queryMean, psi, queryPsi, noise(theta, there), noise(theta, queried));
            }
        }
        return new Prediction(
                prediction.support(),
                prediction.query(),
                prediction.queryVariance(),
                statistics(theta, passes.query().observed()),
                penalty(queryVectors, query));
    }

    /** The vectors of the values of each example's categories, one category after another. */
    private double[][] vectors(NamedArrays theta, Examples examples) {
        List<Integer> categories = task().model().categories();
        double[][] vectors = new double[examples.count()][0];
        for (int i = 0; i < vectors.length; i++) {
            for (int category = 0; category < categories.size(); category++) {
                double[][] table = Examples.rows(theta.get(NAME + "embedding-" + category), categories.get(category));
                int index = (int) examples.categories()[i * categories.size() + category];
                vectors[i] = DoubleStream.concat(Arrays.stream(vectors[i]), Arrays.stream(table[index]))
                        .toArray();
            }
        }
        return vectors;
    }

    private static double[][] joined(double[][] left, double[][] right) {
        double[][] joined = new double[left.length][];
        for (int i = 0; i < left.length; i++) {
            joined[i] = DoubleStream.concat(Arrays.stream(left[i]), Arrays.stream(right[i]))
                    .toArray();
        }
        return joined;
    }

    private double penalty(double[][] vectors, Examples examples) {
        double total = 0;
        for (int i = 0; i < vectors.length; i++) {
            for (double element : vectors[i]) {
                total += examples.weight(i) * element * element;
            }
        }
        return embeddingPenalty * total / examples.totalWeight();
    }

    private GaussianProcess process(NamedArrays theta, double[][] psi, double[][] queryPsi) {
        GaussianProcess linear =
                GaussianProcess.linear(psi, queryPsi, task().support().weightOfEachRow());
        return theta.has(RATE)
                ? linear.plusExponential(
                        StrictMath.exp(2 * theta.get(NAME + "log-order-deviation")[0]),
                        StrictMath.exp(theta.get(RATE)[0]),
                        order(task().support()),
                        order(task().query()))
                : linear;
    }

    private double[] order(Examples examples) {
        int element = task().layout().order().orElseThrow();
        return Arrays.stream(examples.rows()).mapToDouble(row -> row[element]).toArray();
    }

    private Prediction ordered(NamedArrays theta, GaussianProcess process, Inputs there, Inputs queried) {
        double[] prior = column(mean(theta, there));
        double[] queryPrior = column(mean(theta, queried));
        Examples support = task().support();
        if (task().layout().classification()) {
            return ofLogits(prior, queryPrior, process.ofClasses(support.y(), prior));
        }
        double[] residual = new double[prior.length];
        for (int i = 0; i < residual.length; i++) {
            residual[i] = support.y()[i] - prior[i];
        }
        return ofValues(prior, queryPrior, process.ofValues(residual, noise(theta, there)), noise(theta, queried));
    }

    private static double[] column(double[][] rows) {
        return Arrays.stream(rows).mapToDouble(row -> row[0]).toArray();
    }

    private static Prediction ofValues(
            double[] prior, double[] queryPrior, GaussianProcess.Posterior deviation, double[] queryNoise) {
        double[][] query = new double[queryPrior.length][1];
        double[] variance = new double[queryPrior.length];
        for (int i = 0; i < query.length; i++) {
            query[i][0] = queryPrior[i] + deviation.mean()[i];
            variance[i] = deviation.variance()[i] + queryNoise[i];
        }
        double[][] before = new double[prior.length][1];
        for (int i = 0; i < before.length; i++) {
            before[i][0] = prior[i];
        }
        return new Prediction(before, query, Optional.of(variance), NamedArrays.empty(), 0);
    }

    private static Prediction ofLogits(double[] prior, double[] queryPrior, GaussianProcess.Posterior deviation) {
        double[][] query = new double[queryPrior.length][2];
        for (int i = 0; i < query.length; i++) {
            query[i][1] = (queryPrior[i] + deviation.mean()[i])
                    / Math.sqrt(1 + Math.PI / 8 * deviation.variance()[i]);
        }
        double[][] before = new double[prior.length][2];
        for (int i = 0; i < before.length; i++) {
            before[i][1] = prior[i];
        }
        return new Prediction(before, query, NamedArrays.empty());
    }

    private static Prediction values(
            Examples support,
            double[] prior,
            double[] queryPrior,
            double[][] psi,
            double[][] queryPsi,
            double[] noise,
            double[] queryNoise) {
        double[] precision = new double[noise.length];
        double[][] residual = new double[noise.length][1];
        for (int i = 0; i < noise.length; i++) {
            precision[i] = support.weight(i) / noise[i];
            residual[i][0] = support.y()[i] - prior[i];
        }
        PenalisedRegression regression = new PenalisedRegression(psi, precision);
        double[][] deviation = PenalisedRegression.product(queryPsi, regression.linear(residual));
        return ofValues(
                prior,
                queryPrior,
                new GaussianProcess.Posterior(column(deviation), regression.variance(precision, queryPsi)),
                queryNoise);
    }

    private static Prediction classes(
            Examples support, double[] prior, double[] queryPrior, double[][] psi, double[][] queryPsi) {
        PenalisedRegression regression = new PenalisedRegression(psi, support.weightOfEachRow());
        double[][] a = regression.logistic(support.y(), prior);
        double[][] deviation = PenalisedRegression.product(queryPsi, a);
        double[] variance = regression.variance(regression.curvature(prior, a), queryPsi);
        return ofLogits(prior, queryPrior, new GaussianProcess.Posterior(column(deviation), variance));
    }

    /** The prior means of the examples, in rows: one, or one for each of more than two classes. */
    private static double[][] mean(NamedArrays theta, Inputs inputs) {
        double[] beta = theta.get(NAME + "beta");
        double[] gamma = theta.get(NAME + "gamma");
        double[] all = Arrays.copyOf(beta, beta.length + gamma.length);
        System.arraycopy(gamma, 0, all, beta.length, gamma.length);
        return PenalisedRegression.product(inputs.phi(), Examples.rows(all, inputs.phi()[0].length));
    }

    private static double[] noise(NamedArrays theta, Inputs inputs) {
        double[] weights = theta.get(NAME + "noise-weights");
        double[] noise = new double[inputs.features().length];
        for (int i = 0; i < noise.length; i++) {
            double log = theta.get(NAME + "log-noise")[0];
            for (int j = 0; j < weights.length; j++) {
                log += weights[j] * inputs.features()[i][j];
            }
            noise[i] = StrictMath.exp(2 * log) + 1e-4;
        }
        return noise;
    }

    @Override
    double loss(double[][] outputs, Examples examples) {
        return task().layout().classification()
                ? Classes.crossEntropy(outputs, examples)
                : meanSquaredError(outputs, examples);
    }
}
