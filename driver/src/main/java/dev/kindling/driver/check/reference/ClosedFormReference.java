package dev.kindling.driver.check.reference;

/**
 * The reference of ridge and logistic regression as output layer (Bertinetto and others, ICLR 2019): embeddings from a pass,
 * coefficients from normal equations in Java.
 */
final class ClosedFormReference extends ForwardReference {
    private final String method;
    private final ModelPasses embedding;

    /** A reference of the method {@code ridge-head} or {@code logistic-head}. */
    ClosedFormReference(TaskContext task, String method) {
        super(task);
        this.method = method;
        this.embedding = task.passes(task.model().encoder());
    }

    @Override
    Prediction predict(NamedArrays theta, Sides sides) {
        Examples support = task().support();
        Examples query = task().query();
        Embedded passes = embedded(embedding, theta, sides);
        double penalty = StrictMath.exp(theta.get(method + ".log-penalty")[0]);
        double[][] x = scaled(passes.support().output().value(), support.count(), penalty);
        double[][] queries = scaled(passes.query().output().value(), query.count(), penalty);
        PenalisedRegression regression = new PenalisedRegression(x, support.weightOfEachRow());
        double[][] coefficients =
                method.equals("ridge-head") ? ridge(regression, support) : logistic(regression, support);
        return new Prediction(
                adjusted(theta, PenalisedRegression.product(x, coefficients)),
                adjusted(theta, PenalisedRegression.product(queries, coefficients)),
                statistics(theta, passes.query().observed()));
    }

    private double[][] ridge(PenalisedRegression regression, Examples support) {
        return regression.linear(
                task().layout().classification()
                        ? Classes.oneHot(support.y(), task().layout().classes())
                        : support.targets());
    }

    /** A column of coefficients for each class; zeros for the first of two. */
    private double[][] logistic(PenalisedRegression regression, Examples support) {
        int ways = task().layout().classes();
        double[][] classes = Classes.oneHot(support.y(), ways);
        double[][] coefficients = new double[regression.x()[0].length][ways];
        for (int way = ways == 2 ? 1 : 0; way < ways; way++) {
            double[] labels = new double[support.count()];
            for (int i = 0; i < labels.length; i++) {
                labels[i] = classes[i][way];
            }
            double[][] fitted = regression.logistic(labels, new double[labels.length]);
            for (int j = 0; j < fitted.length; j++) {
                coefficients[j][way] = fitted[j][0];
            }
        }
        return coefficients;
    }

    /** Embeddings divided by the root of the penalty, in rows: then the penalty is 1. */
    private static double[][] scaled(double[] flat, int count, double penalty) {
        double[][] rows = Examples.rows(flat, count);
        for (double[] row : rows) {
            for (int j = 0; j < row.length; j++) {
                row[j] /= Math.sqrt(penalty);
            }
        }
        return rows;
    }

    private double[][] adjusted(NamedArrays theta, double[][] outputs) {
        double scale = theta.get(method + ".scale")[0];
        double shift = theta.get(method + ".shift")[0];
        for (double[] row : outputs) {
            for (int k = 0; k < row.length; k++) {
                row[k] = scale * row[k] + shift;
            }
        }
        return outputs;
    }

    @Override
    double loss(double[][] outputs, Examples examples) {
        return task().layout().classification()
                ? Classes.crossEntropy(outputs, examples)
                : meanSquaredError(outputs, examples);
    }
}
