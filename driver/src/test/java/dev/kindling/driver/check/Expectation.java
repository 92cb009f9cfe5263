package dev.kindling.driver.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.driver.check.DirectionalDerivatives.Part;
import dev.kindling.driver.check.reference.ExactDerivatives;
import dev.kindling.driver.check.reference.NamedArrays;
import dev.kindling.driver.check.reference.ProgramProbe;
import dev.kindling.driver.check.reference.Reference;
import dev.kindling.driver.check.reference.TaskContext;
import dev.kindling.job.algorithm.Algorithm;
import dev.kindling.job.algorithm.Algorithm.Claim;
import dev.kindling.job.backend.Executable;
import dev.kindling.job.program.Program;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/**
 * The expected results of a training program for a task, computed step by step.
 *
 * @param numerical whether derivatives are compared with numerical ones even if exact ones are known
 */
record Expectation(
        Algorithm algorithm, TaskContext task, Reference reference, ExactDerivatives exact, boolean numerical) {
    /** Relative tolerance of exact results. */
    static final double TOLERANCE = 1e-10;
    /** Tolerance of numerical derivatives, relative to the norm of the whole gradient. */
    private static final double NUMERICAL_TOLERANCE = 1e-7;

    Expectation(Methods methods, TaskContext task, boolean numerical, Function<Program, Executable> compiler) {
        this(
                methods.algorithm(),
                task,
                methods.reference().on(task),
                new ExactDerivatives(methods.reference(), task, compiler),
                numerical);
    }

    /** Asserts that the outputs at θ are the expected ones. */
    void check(ProgramProbe.Outputs found, FlatVector theta, String what) {
        NamedArrays at = NamedArrays.of(task.theta(), theta);
        NamedArrays contribution = found.summed();
        Reference.Outcome expected = reference.at(at);
        agree(found.scalar("query_loss"), expected.queryLoss(), what + ", query loss");
        agree(found.scalar("support_loss"), expected.supportLoss(), what + ", support loss");
        if (found.has("objective")) {
            agree(found.scalar("objective"), expected.objective(), what + ", objective");
        }
        agree(contribution, reference.known(at), what);
        if (algorithm.claim() == Claim.FIRST_ORDER) {
            agree(contribution, reference.firstOrder(at).orElseThrow(), what);
        }
        if (algorithm.claim() == Claim.IMPLICIT) {
            agree(found.scalar("residual"), exact.residual(at, contribution), what + ", residual");
        }
        if (algorithm.claim() == Claim.EXACT) {
            derivative(at, contribution.only(trained()), what);
        }
    }

    private static void agree(double found, double expected, String what) {
        assertThat(relative(found, expected)).as(what).isLessThan(TOLERANCE);
    }

    private static void agree(NamedArrays found, NamedArrays expected, String what) {
        assertThat(distance(found, expected)).as(what + ", contribution").isLessThan(TOLERANCE);
    }

    private void derivative(NamedArrays theta, NamedArrays gradient, String what) {
        NamedArrays direction = direction(gradient);
        OptionalDouble expected = exact.along(theta, direction);
        expected.ifPresent(derivative -> assertThat(difference(dot(gradient, direction), derivative))
                .as(what + ", derivative")
                .isLessThan(TOLERANCE));
        if (numerical || expected.isEmpty()) {
            ArrayError error = numericalError(theta, gradient);
            assertThat(error.inconclusiveReason())
                    .as(what + ", numerical derivative")
                    .isEmpty();
            assertThat(error.error()).as(what + ", numerical derivative").isLessThan(NUMERICAL_TOLERANCE);
        }
    }

    /** The arrays of θ that follow a gradient. */
    private List<String> trained() {
        return task.theta().names().stream()
                .filter(name -> !algorithm.runningStatistics(task.model()).containsKey(name))
                .toList();
    }

    /**
     * A random direction along which each array contributes about 1 to the derivative, so that no array masks another; arrays
     * with a negligible gradient contribute less.
     */
    private static NamedArrays direction(NamedArrays gradient) {
        double least = 1e-3 * gradient.norm();
        NamedArrays direction = gradient;
        RandomStream stream = RandomStream.of(3);
        for (String name : gradient.names()) {
            double length = Math.max(least, gradient.only(List.of(name)).norm());
            double[] numbers = new double[gradient.get(name).length];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = stream.nextNormal() / length;
            }
            direction = direction.with(name, numbers);
        }
        return direction;
    }

    private static double dot(NamedArrays a, NamedArrays b) {
        double sum = 0;
        for (String name : a.names()) {
            double[] left = a.get(name);
            double[] right = b.get(name);
            for (int i = 0; i < left.length; i++) {
                sum += left[i] * right[i];
            }
        }
        return sum;
    }

    /** The error of a gradient against numerical derivatives of the objective, relative to its norm. */
    private ArrayError numericalError(NamedArrays theta, NamedArrays gradient) {
        Layout layout = task.theta();
        List<Layout.Entry> entries = layout.entries().stream()
                .filter(entry -> gradient.has(entry.name()))
                .toList();
        ToDoubleFunction<NamedArrays> objective = reference.smoothObjective(theta);
        return new DirectionalDerivatives(
                        point -> objective.applyAsDouble(NamedArrays.of(layout, point)),
                        List.of(new Part("θ", entries)),
                        3,
                        1)
                .errors(
                        theta.flat(layout),
                        NamedArrays.zeros(layout).with(gradient).flat(layout))
                .get("θ");
    }

    /** The relative difference of derivatives along a direction, absolute below 1. */
    private static double difference(double found, double expected) {
        return Math.abs(found - expected) / Math.max(1, Math.abs(expected));
    }

    static double relative(double found, double expected) {
        return Math.abs(found - expected) / Math.max(1e-3, Math.abs(expected));
    }

    static double distance(NamedArrays found, NamedArrays expected) {
        double difference = expected.plus(-1, found).norm();
        return difference == 0 ? 0 : difference / expected.norm();
    }
}
