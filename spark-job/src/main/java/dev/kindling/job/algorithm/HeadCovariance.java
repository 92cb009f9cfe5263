package dev.kindling.job.algorithm;

import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;

/**
 * The prior covariances of a task's deviations from its prior mean at its examples.
 *
 * @param support of the support examples, [examples, examples]
 * @param cross of queries and support examples, [queries, examples]
 * @param query the variances of the queries, [queries]
 */
record HeadCovariance(Value support, Value cross, Value query) {
    /**
     * The covariance ψ(x)·ψ(x').
     *
     * @param support ψ of the support examples, [examples, width]
     * @param query ψ of the queries, [queries, width]
     */
    static HeadCovariance linear(ProgramBuilder b, Value support, Value query) {
        return new HeadCovariance(
                b.matmul(support, support, false, true),
                b.matmul(query, support, false, true),
                b.sum(b.square(query), 1));
    }

    /**
     * This covariance plus variance · exp(-rate |o - o'|), that of an Ornstein-Uhlenbeck process in the order o of the
     * examples (Rasmussen and Williams 2006, equation 4.18).
     *
     * @param variance [1]
     * @param rate [1]
     * @param supportOrder [examples]
     * @param queryOrder [queries]
     */
    HeadCovariance plusExponential(ProgramBuilder b, Value variance, Value rate, Value supportOrder, Value queryOrder) {
        return new HeadCovariance(
                b.add(support, exponential(b, variance, rate, supportOrder, supportOrder)),
                b.add(cross, exponential(b, variance, rate, queryOrder, supportOrder)),
                b.add(query, variance));
    }

    private static Value exponential(ProgramBuilder b, Value variance, Value rate, Value rows, Value columns) {
        Shape shape = Shape.of(rows.shape().size(), columns.shape().size());
        Value difference = b.sub(
                b.broadcast(b.reshape(rows, Shape.of(shape.dim(0), 1)), shape),
                b.broadcast(b.reshape(columns, Shape.of(1, shape.dim(1))), shape));
        Value distance = b.add(b.relu(difference), b.relu(b.neg(difference)));
        return b.mul(b.exp(b.mul(b.neg(distance), rate)), variance);
    }
}
