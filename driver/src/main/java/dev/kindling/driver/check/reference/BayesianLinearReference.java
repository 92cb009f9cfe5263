package dev.kindling.driver.check.reference;

import dev.kindling.driver.check.reference.ModelPasses.Result;
import java.util.Optional;

/**
 * The reference of the Bayesian linear head (Harrison, Sharma and Pavone, WAFR 2018, equations 5 to 8), from the encoder's
 * outputs on in Java. The coefficients have the information matrix I + ψᵀ P ψ whatever the number of examples.
 */
final class BayesianLinearReference extends ForwardReference {
    private static final String NAME = "bayesian-linear.";

    private final ModelPasses encoder;
    private final boolean skips;

    BayesianLinearReference(TaskContext task) {
        super(task);
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
        double[][] psi = PenalisedRegression.product(there.phi(), factor);
        double[][] queryPsi = PenalisedRegression.product(queried.phi(), factor);
        double[] prior = mean(theta, there);
        double[] queryPrior = mean(theta, queried);
        NamedArrays statistics = statistics(theta, passes.query().observed());
        Prediction prediction = task().layout().classification()
                ? classes(support, prior, queryPrior, psi, queryPsi)
                : values(support, prior, queryPrior, psi, queryPsi, noise(theta, there), noise(theta, queried));
        return new Prediction(prediction.support(), prediction.query(), prediction.queryVariance(), statistics);
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
        double[] variance = regression.variance(precision, queryPsi);
        double[][] query = new double[queryPrior.length][1];
        for (int i = 0; i < query.length; i++) {
            query[i][0] = queryPrior[i] + deviation[i][0];
            variance[i] += queryNoise[i];
        }
        double[][] before = new double[prior.length][1];
        for (int i = 0; i < before.length; i++) {
            before[i][0] = prior[i];
        }
        return new Prediction(before, query, Optional.of(variance), NamedArrays.empty());
    }

    private static Prediction classes(
            Examples support, double[] prior, double[] queryPrior, double[][] psi, double[][] queryPsi) {
        PenalisedRegression regression = new PenalisedRegression(psi, support.weightOfEachRow());
        double[][] a = regression.logistic(support.y(), prior);
        double[][] deviation = PenalisedRegression.product(queryPsi, a);
        double[] variance = regression.variance(regression.curvature(prior, a), queryPsi);
        double[][] query = new double[queryPrior.length][2];
        for (int i = 0; i < query.length; i++) {
            query[i][1] = (queryPrior[i] + deviation[i][0]) / Math.sqrt(1 + Math.PI / 8 * variance[i]);
        }
        double[][] before = new double[prior.length][2];
        for (int i = 0; i < before.length; i++) {
            before[i][1] = prior[i];
        }
        return new Prediction(before, query, NamedArrays.empty());
    }

    private static double[] mean(NamedArrays theta, Inputs inputs) {
        double[] beta = theta.get(NAME + "beta");
        double[] gamma = theta.get(NAME + "gamma");
        double[] mean = new double[inputs.phi().length];
        for (int i = 0; i < mean.length; i++) {
            for (int j = 0; j < inputs.phi()[i].length; j++) {
                mean[i] += inputs.phi()[i][j] * (j < beta.length ? beta[j] : gamma[j - beta.length]);
            }
        }
        return mean;
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
