package dev.kindling.job.autodiff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleSupplier;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Compares the first and second derivatives of a function with central differences, in double on the reference backend:
 * errors are below 1e-6 of the greatest derivative in the same array.
 *
 * <p>The function y is reduced to a scalar s = Σ w (y + y²/2) with random w, so that the second derivative of a linear op is
 * not 0. First derivatives are compared with differences of s; second derivatives, as products with a random vector, with
 * differences of the first, and along one direction with second differences of s. The stencils are of fourth order, so that
 * truncation and rounding errors are far below the bound.
 */
public final class FiniteDifferences {
    private static final double RELATIVE = 1e-6;
    /** Bound of the rounding error where the derivative is 0. */
    private static final double ABSOLUTE = 1e-8;
    /** Arrays up to this size are differentiated by each element, larger ones along two random directions. */
    private static final int MAX_BY_ELEMENT = 16;

    /** A function of values of a builder. */
    @FunctionalInterface
    public interface Function {
        Value of(ProgramBuilder b, List<Value> arguments);
    }

    /**
     * An argument and its value.
     *
     * @param moves whether the function is differentiated with respect to it
     */
    public record Argument(Shape shape, double[] at, boolean moves) {
        /** Numbers of magnitude 0.4 to 1.6 and either sign, so that kinks at 0 are far away. */
        public static Argument awayFromZero(String key, int... dims) {
            RandomStream stream = RandomStream.of(key.hashCode(), dims.length);
            return drawn(dims, () -> stream.nextDouble(0.4, 1.6) * (stream.nextDouble() < 0.5 ? -1 : 1));
        }

        /** Numbers from 0.5 to 2. */
        public static Argument positive(String key, int... dims) {
            RandomStream stream = RandomStream.of(key.hashCode(), dims.length);
            return drawn(dims, () -> stream.nextDouble(0.5, 2));
        }

        /** Constants: indices, labels, counts. */
        public static Argument fixed(Shape shape, double... at) {
            return new Argument(shape, at, false);
        }

        private static Argument drawn(int[] dims, DoubleSupplier numbers) {
            Shape shape = Shape.of(dims);
            return new Argument(
                    shape, DoubleStream.generate(numbers).limit(shape.size()).toArray(), true);
        }
    }

    private final double firstStep;
    private final double secondStep;
    private final Function function;
    private final List<Argument> arguments;
    private final List<Integer> moving;
    private final Map<String, double[]> at = new HashMap<>();

    private FiniteDifferences(double firstStep, double secondStep, Function function, List<Argument> arguments) {
        this.firstStep = firstStep;
        this.secondStep = secondStep;
        this.function = function;
        this.arguments = arguments;
        this.moving = IntStream.range(0, arguments.size())
                .filter(i -> arguments.get(i).moves())
                .boxed()
                .toList();
    }

    /** Checks a function that is smooth within 0.01 of its arguments. */
    public static void checkSmooth(Function function, List<Argument> arguments) {
        FiniteDifferences check = new FiniteDifferences(1e-3, 2e-3, function, arguments);
        check.firstDerivatives();
        check.secondDerivatives();
        check.secondDerivativeFromValues();
    }

    /** Checks a function that may have kinks nearby: steps are short, and second differences of values are omitted. */
    public static void checkPiecewise(Function function, List<Argument> arguments) {
        FiniteDifferences check = new FiniteDifferences(1e-6, Double.NaN, function, arguments);
        check.firstDerivatives();
        check.secondDerivatives();
    }

    private void firstDerivatives() {
        Written first = new Written();
        Map<String, double[]> found = first.run(first.gradientProgram(), at);
        Program scalar = first.scalarProgram();
        compare("first derivative", found, inputs -> first.run(scalar, inputs).get("s")[0]);
    }

    private void secondDerivatives() {
        Written second = new Written();
        Program program = second.secondProgram();
        for (int i : moving) {
            at.put("v" + i, normal("v" + i, arguments.get(i).shape().size()));
        }
        Map<String, double[]> found = second.run(program, at);
        compare(
                "second derivative",
                found,
                inputs -> second.run(program, inputs).get("s")[0]);
    }

    /** u·H·u against (-s(2h) + 16 s(h) - 30 s(0) + 16 s(-h) - s(-2h)) / 12h². */
    private void secondDerivativeFromValues() {
        Written written = new Written();
        Map<String, double[]> inputs = new HashMap<>(at);
        for (int i : moving) {
            inputs.put("v" + i, unit("u" + i, arguments.get(i).shape().size()));
        }
        Map<String, double[]> products = written.run(new Written().secondProgram(), inputs);
        double found = 0;
        for (int i : moving) {
            found += dot(inputs.get("v" + i), products.get("d" + i));
        }
        Program scalar = written.scalarProgram();
        double[] s = new double[5];
        for (int k = -2; k <= 2; k++) {
            Map<String, double[]> moved = new HashMap<>(inputs);
            for (int i : moving) {
                moved.put("x" + i, moved(arguments.get(i).at(), inputs.get("v" + i), k * secondStep));
            }
            s[k + 2] = written.run(scalar, moved).get("s")[0];
        }
        double expected = (-s[0] + 16 * s[1] - 30 * s[2] + 16 * s[3] - s[4]) / (12 * secondStep * secondStep);
        assertThat(found)
                .as("second derivative along a direction")
                .isCloseTo(expected, within(RELATIVE * Math.abs(expected) + 10 * ABSOLUTE));
    }

    private interface Scalar {
        double at(Map<String, double[]> inputs);
    }

    /** Compares {@code found}, derivatives by array, with differences of a scalar. */
    private void compare(String what, Map<String, double[]> found, Scalar scalar) {
        for (int i : moving) {
            List<double[]> directions = directions(arguments.get(i).shape().size());
            double[] analytic = new double[directions.size()];
            double[] difference = new double[directions.size()];
            for (int j = 0; j < analytic.length; j++) {
                analytic[j] = dot(found.get("d" + i), directions.get(j));
                difference[j] = difference(scalar, i, directions.get(j));
            }
            double greatest = DoubleStream.concat(Arrays.stream(analytic), Arrays.stream(difference))
                    .map(Math::abs)
                    .max()
                    .orElse(0);
            assertThat(analytic)
                    .as(what + " with respect to argument " + i)
                    .containsExactly(difference, within(RELATIVE * greatest + ABSOLUTE));
        }
    }

    /** (8 (s(h) - s(-h)) - (s(2h) - s(-2h))) / 12h. */
    private double difference(Scalar scalar, int argument, double[] direction) {
        double[] s = new double[5];
        for (int k : new int[] {-2, -1, 1, 2}) {
            Map<String, double[]> inputs = new HashMap<>(at);
            inputs.put("x" + argument, moved(arguments.get(argument).at(), direction, k * firstStep));
            s[k + 2] = scalar.at(inputs);
        }
        return (8 * (s[3] - s[1]) - (s[4] - s[0])) / (12 * firstStep);
    }

    private static List<double[]> directions(int size) {
        if (size > MAX_BY_ELEMENT) {
            return List.of(unit("one", size), unit("another", size));
        }
        return IntStream.range(0, size)
                .mapToObj(i -> {
                    double[] unit = new double[size];
                    unit[i] = 1;
                    return unit;
                })
                .toList();
    }

    private static double[] unit(String key, int size) {
        double[] direction = normal(key, size);
        double length = Math.sqrt(dot(direction, direction));
        return Arrays.stream(direction).map(v -> v / length).toArray();
    }

    private static double[] normal(String key, int size) {
        RandomStream stream = RandomStream.of(key.hashCode(), size);
        return DoubleStream.generate(stream::nextNormal).limit(size).toArray();
    }

    private static double[] moved(double[] from, double[] direction, double by) {
        double[] moved = new double[from.length];
        Arrays.setAll(moved, i -> from[i] + by * direction[i]);
        return moved;
    }

    private static double dot(double[] a, double[] b) {
        double total = 0;
        for (int i = 0; i < a.length; i++) {
            total += a[i] * b[i];
        }
        return total;
    }

    /** The function in a builder, and the programs built from it. */
    private final class Written {
        private final ProgramBuilder b = new ProgramBuilder();
        private final List<Value> inputs = new ArrayList<>();
        private final Value s;

        Written() {
            for (int i = 0; i < arguments.size(); i++) {
                inputs.add(b.input("x" + i, arguments.get(i).shape(), Program.Scope.TASK));
                at.putIfAbsent("x" + i, arguments.get(i).at());
            }
            Value y = function.of(b, inputs);
            Value w = b.input("w", y.shape(), Program.Scope.TASK);
            at.putIfAbsent("w", normal("w", y.shape().size()));
            this.s = b.sumAll(b.mul(w, b.add(y, b.mul(b.constant(0.5), b.square(y)))));
        }

        Program scalarProgram() {
            return b.build("scalar", List.of(new Program.Output("s", Program.Reduction.PER_TASK, s)));
        }

        Program gradientProgram() {
            return derivatives("gradient", s);
        }

        /** s becomes v·∇s. */
        Program secondProgram() {
            List<Value> gradient = Autodiff.gradOrZeros(b, s, wrt());
            Value along = b.constant(0);
            for (int j = 0; j < gradient.size(); j++) {
                int i = moving.get(j);
                Value v = b.input("v" + i, arguments.get(i).shape(), Program.Scope.TASK);
                along = b.add(along, b.sumAll(b.mul(v, gradient.get(j))));
            }
            return derivatives("second", along);
        }

        private Program derivatives(String name, Value scalar) {
            List<Value> gradient = Autodiff.gradOrZeros(b, scalar, wrt());
            List<Program.Output> outputs = new ArrayList<>();
            outputs.add(new Program.Output("s", Program.Reduction.PER_TASK, scalar));
            for (int j = 0; j < gradient.size(); j++) {
                outputs.add(new Program.Output("d" + moving.get(j), Program.Reduction.PER_TASK, gradient.get(j)));
            }
            return b.build(name, outputs);
        }

        private List<Value> wrt() {
            return moving.stream().map(inputs::get).toList();
        }

        Map<String, double[]> run(Program program, Map<String, double[]> arrays) {
            return Runs.once(new ReferenceBackend(), Precision.DOUBLE, program, arrays);
        }
    }
}
