package dev.kindling.job.autodiff;

import static dev.kindling.job.autodiff.FiniteDifferences.Argument.awayFromZero;
import static dev.kindling.job.autodiff.FiniteDifferences.Argument.fixed;
import static dev.kindling.job.autodiff.FiniteDifferences.Argument.positive;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.autodiff.FiniteDifferences.Argument;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every derivative rule against finite differences, to order two. */
class VjpRulesTest {
    /** A function in which one op stands. */
    private record Case(Op op, String what, FiniteDifferences.Function function, List<Argument> arguments) {
        Case(Op op, String what, FiniteDifferences.Function function, Argument... arguments) {
            this(op, what, function, List.of(arguments));
        }

        boolean containsItsOp() {
            ProgramBuilder b = new ProgramBuilder();
            List<Value> inputs = new ArrayList<>();
            for (Argument argument : arguments) {
                inputs.add(b.input("x" + inputs.size(), argument.shape(), Program.Scope.TASK));
            }
            Program program = b.build(
                    "case", List.of(new Program.Output("y", Program.Reduction.PER_TASK, function.of(b, inputs))));
            return program.values().stream().anyMatch(value -> value.op() == op);
        }
    }

    /** Odd sizes, strides and paddings; kernels smaller than strides, which leave inputs that nothing sees. */
    private static final List<Window> WINDOWS = List.of(
            Window.same(5, 4, 3, 3, 2, 2),
            Window.same(4, 7, 3, 2, 1, 3),
            Window.same(3, 3, 3, 3, 1, 1),
            Window.same(2, 2, 3, 3, 2, 2),
            Window.padded(5, 5, 3, 3, 2, 1, 0, 0),
            Window.padded(4, 5, 3, 2, 3, 2, 2, 1),
            Window.padded(5, 4, 1, 1, 2, 3, 0, 0),
            Window.padded(3, 5, 3, 5, 1, 1, 0, 0));

    private static final List<Case> CASES = Stream.of(
                    elementwise(), arithmetic(), moves(), reductions(), windows(), withoutDerivative(), Loops.cases())
            .flatMap(List::stream)
            .toList();

    @Test
    void everyOpEitherHasARuleOrIsListedAsHavingNone() {
        Set<Op> listed = new HashSet<>(VjpRules.CONSTANT_ALMOST_EVERYWHERE);
        assertThat(VjpRules.known()).doesNotContainAnyElementsOf(listed);
        assertThat(VjpRules.known()).doesNotContainAnyElementsOf(VjpRules.OF_SEVERAL_RESULTS);
        listed.addAll(VjpRules.known());
        listed.addAll(VjpRules.OF_SEVERAL_RESULTS);
        assertThat(listed).containsExactlyInAnyOrder(Op.values());
    }

    @Test
    void everyOpOfArgumentsHasACaseHere() {
        Set<Op> tested = CASES.stream().map(Case::op).collect(Collectors.toSet());
        Set<Op> others = EnumSet.of(Op.INPUT, Op.CONSTANT, Op.IOTA, Op.STOP_GRADIENT);
        assertThat(tested).containsExactlyInAnyOrderElementsOf(EnumSet.complementOf(EnumSet.copyOf(others)));
    }

    @TestFactory
    Stream<DynamicTest> firstAndSecondDerivativesAreThoseOfFiniteDifferences() {
        return CASES.stream()
                .map(c -> DynamicTest.dynamicTest(c.op().printed() + ": " + c.what(), () -> {
                    assertThat(c.containsItsOp())
                            .as("the op occurs in its case")
                            .isTrue();
                    FiniteDifferences.checkSmooth(c.function(), c.arguments());
                }));
    }

    private static List<Case> elementwise() {
        List<Case> cases = new ArrayList<>();
        for (Op op : EnumSet.of(
                Op.NEG, Op.EXP, Op.LOG, Op.LOG1P, Op.EXPM1, Op.SQRT, Op.TANH, Op.SIGMOID, Op.RELU, Op.BARRIER)) {
            boolean positive = op == Op.LOG || op == Op.SQRT || op == Op.LOG1P;
            for (int[] dims : new int[][] {{}, {3}, {2, 3}}) {
                Argument x = positive ? positive(op.name(), dims) : awayFromZero(op.name(), dims);
                cases.add(new Case(op, Arrays.toString(dims), (b, in) -> unary(b, op, in.get(0)), x));
            }
        }
        return cases;
    }

    private static Value unary(ProgramBuilder b, Op op, Value x) {
        return switch (op) {
            case NEG -> b.neg(x);
            case EXP -> b.exp(x);
            case LOG -> b.log(x);
            case LOG1P -> b.log1p(x);
            case EXPM1 -> b.expm1(x);
            case SQRT -> b.sqrt(x);
            case TANH -> b.tanh(x);
            case SIGMOID -> b.sigmoid(x);
            case RELU -> b.relu(x);
            case BARRIER -> b.barrier(x);
            default -> throw new IllegalArgumentException(op.printed());
        };
    }

    private static List<Case> arithmetic() {
        List<Case> cases = new ArrayList<>();
        int[][][] shapes = {{{}, {}}, {{4}, {4}}, {{2, 3}, {3}}, {{2, 1}, {1, 3}}, {{}, {2, 2}}, {{2, 1, 2}, {3, 1}}};
        for (int[][] pair : shapes) {
            String what = Arrays.toString(pair[0]) + " and " + Arrays.toString(pair[1]);
            Argument x = awayFromZero("left", pair[0]);
            Argument y = awayFromZero("right", pair[1]);
            cases.add(new Case(Op.ADD, what, (b, in) -> b.add(in.get(0), in.get(1)), x, y));
            cases.add(new Case(Op.SUB, what, (b, in) -> b.sub(in.get(0), in.get(1)), x, y));
            cases.add(new Case(Op.MUL, what, (b, in) -> b.mul(in.get(0), in.get(1)), x, y));
            cases.add(new Case(Op.DIV, what, (b, in) -> b.div(in.get(0), in.get(1)), x, y));
        }
        Argument x = awayFromZero("x", 2, 3);
        cases.add(new Case(Op.MUL, "an array with itself", (b, in) -> b.mul(in.get(0), in.get(0)), x));
        cases.add(new Case(Op.DIV, "by a function of itself", (b, in) -> b.div(in.get(0), b.exp(in.get(0))), x));
        cases.add(new Case(
                Op.SELECT,
                "by a fixed condition, broadcast",
                (b, in) -> b.select(in.get(0), in.get(1), in.get(2)),
                fixed(Shape.of(3), 1, 0, 1),
                x,
                awayFromZero("y", 2, 1)));
        cases.add(new Case(
                Op.SELECT,
                "by a condition of its own arguments",
                (b, in) -> b.select(b.greater(in.get(0), in.get(1)), b.square(in.get(0)), in.get(1)),
                x,
                awayFromZero("z", 2, 3)));
        for (boolean left : new boolean[] {false, true}) {
            for (boolean right : new boolean[] {false, true}) {
                cases.add(new Case(
                        Op.MATMUL,
                        "transposed " + left + ", " + right,
                        (b, in) -> b.matmul(in.get(0), in.get(1), left, right),
                        left ? awayFromZero("a", 3, 2) : awayFromZero("a", 2, 3),
                        right ? awayFromZero("b", 4, 3) : awayFromZero("b", 3, 4)));
            }
        }
        cases.add(new Case(
                Op.MATMUL,
                "a matrix with itself",
                (b, in) -> b.matmul(in.get(0), in.get(0), true, false),
                awayFromZero("a", 2, 3)));
        cases.addAll(solutions());
        return cases;
    }

    /** Differences move each element of A alone, so these cases also check that the symmetric part is what counts. */
    private static List<Case> solutions() {
        return List.of(
                new Case(
                        Op.SOLVE,
                        "one number",
                        (b, in) -> b.solve(in.get(0), in.get(1)),
                        positive("a", 1, 1),
                        awayFromZero("b", 1, 1)),
                new Case(
                        Op.SOLVE,
                        "a matrix that is not symmetric",
                        (b, in) -> b.solve(in.get(0), in.get(1)),
                        rows(3, 3, 0.5, -1, 0.1, 2, 0.7, -0.2, 1.1, 4),
                        awayFromZero("b", 3, 2)),
                new Case(
                        Op.SOLVE,
                        "a product with itself and a ridge",
                        (b, in) -> b.solve(
                                b.add(b.matmul(in.get(0), in.get(0), true, false), b.diagonal(b.full(Shape.of(4), 1))),
                                in.get(1)),
                        awayFromZero("c", 3, 4),
                        awayFromZero("b", 4, 3)),
                new Case(
                        Op.SOLVE,
                        "the lower triangle of the matrix",
                        (b, in) -> b.solve(b.lowerTriangle(in.get(0)), in.get(1)),
                        rows(3, 3, 9, 9, -1, 2, 9, -0.2, 1.1, 4),
                        awayFromZero("b", 3, 1)),
                new Case(
                        Op.SOLVE,
                        "its own matrix on the right",
                        (b, in) -> b.solve(in.get(0), b.square(in.get(0))),
                        rows(2, 3, 0.5, -1, 2)));
    }

    private static List<Case> moves() {
        Argument x = awayFromZero("x", 2, 3);
        Argument cube = awayFromZero("cube", 2, 1, 3);
        return List.of(
                new Case(
                        Op.BROADCAST, "a scalar", (b, in) -> b.broadcast(in.get(0), Shape.of(2, 2)), awayFromZero("s")),
                new Case(Op.BROADCAST, "inner axis", (b, in) -> b.broadcast(in.get(0), Shape.of(2, 2, 4, 3)), cube),
                new Case(Op.RESHAPE, "[2, 3] to [3, 2]", (b, in) -> b.reshape(in.get(0), Shape.of(3, 2)), x),
                new Case(Op.TRANSPOSE, "of a matrix", (b, in) -> b.transpose(in.get(0), 1, 0), x),
                new Case(Op.TRANSPOSE, "of three axes", (b, in) -> b.transpose(in.get(0), 2, 0, 1), cube),
                new Case(Op.SLICE, "first axis", (b, in) -> b.slice(in.get(0), 0, 1, 2), x),
                new Case(Op.SLICE, "last axis", (b, in) -> b.slice(in.get(0), 1, 0, 2), x),
                new Case(Op.PAD, "first axis", (b, in) -> b.pad(in.get(0), 0, 1, 0), x),
                new Case(Op.PAD, "last axis", (b, in) -> b.pad(in.get(0), 1, 2, 1), x),
                new Case(
                        Op.CONCAT,
                        "along the last axis, one part twice",
                        (b, in) -> b.concat(1, List.of(in.get(0), in.get(1), in.get(0))),
                        x,
                        awayFromZero("y", 2, 1)),
                new Case(
                        Op.GATHER,
                        "rows, one of them twice",
                        (b, in) -> b.gather(in.get(0), in.get(1)),
                        awayFromZero("rows", 3, 2),
                        fixed(Shape.of(4), 2, 0, 2, 2)),
                new Case(
                        Op.GATHER,
                        "numbers",
                        (b, in) -> b.gather(in.get(0), in.get(1)),
                        awayFromZero("numbers", 3),
                        fixed(Shape.of(2), 1, 1)),
                new Case(
                        Op.SCATTER_ADD,
                        "rows, two of them to one index",
                        (b, in) -> b.scatterAdd(in.get(0), in.get(1), 4),
                        fixed(Shape.of(3), 3, 1, 3),
                        awayFromZero("rows", 3, 2)));
    }

    private static List<Case> reductions() {
        Argument cube = awayFromZero("cube", 2, 3, 2);
        return List.of(
                new Case(Op.SUM, "all", (b, in) -> b.sumAll(in.get(0)), cube),
                new Case(Op.SUM, "first axis", (b, in) -> b.sum(in.get(0), 0), cube),
                new Case(Op.SUM, "outer axes", (b, in) -> b.sum(in.get(0), 0, 2), cube),
                new Case(Op.SUM, "a mean that is kept", (b, in) -> b.meanKept(in.get(0), 1), cube),
                new Case(Op.MAX, "of a vector", (b, in) -> b.max(in.get(0)), rows(1, 0.5, -1, 1.5, 0.3)),
                new Case(Op.MAX, "of rows", (b, in) -> b.max(in.get(0)), rows(2, 0.1, -0.4, 0.7, -2, -1, -1.5)));
    }

    private static List<Case> windows() {
        List<Case> cases = new ArrayList<>();
        for (Window w : WINDOWS) {
            Argument images = awayFromZero("images", 2, w.height(), w.width(), 2);
            Argument kernel = awayFromZero("kernel", w.kernelHeight(), w.kernelWidth(), 2, 3);
            Argument cotangent = awayFromZero("behind", 2, w.outHeight(), w.outWidth(), 3);
            String what = w.toString();
            cases.add(new Case(Op.CONV, what, (b, in) -> b.conv(in.get(0), in.get(1), w), images, kernel));
            cases.add(
                    new Case(Op.CONV_INPUT, what, (b, in) -> b.convInput(in.get(0), in.get(1), w), cotangent, kernel));
            cases.add(new Case(
                    Op.CONV_KERNEL, what, (b, in) -> b.convKernel(in.get(0), in.get(1), w), images, cotangent));
            Argument spread = scattered(1, w.height(), w.width(), 2);
            Argument pooled = awayFromZero("pooled", 1, w.outHeight(), w.outWidth(), 2);
            cases.add(new Case(Op.POOL_GATHER, "maximum, " + what, (b, in) -> b.maxPool(in.get(0), w), spread));
            cases.add(new Case(
                    Op.POOL_GATHER,
                    what,
                    (b, in) -> b.poolGather(in.get(0), b.square(in.get(1)), w),
                    spread,
                    awayFromZero("others", 1, w.height(), w.width(), 2)));
            cases.add(new Case(
                    Op.POOL_SCATTER,
                    what,
                    (b, in) -> b.poolScatter(in.get(0), b.square(in.get(1)), w),
                    spread,
                    pooled));
            cases.add(new Case(Op.WINDOW_SUM, what, (b, in) -> b.windowSum(b.square(in.get(0)), w), images));
            cases.add(new Case(Op.WINDOW_SPREAD, what, (b, in) -> b.windowSpread(b.square(in.get(0)), w), pooled));
        }
        return cases;
    }

    /** Numbers that are far enough apart for the maximum to remain the same within a difference step. */
    private static Argument scattered(int... dims) {
        Shape shape = Shape.of(dims);
        double[] numbers = new double[shape.size()];
        Arrays.setAll(numbers, i -> (i * 37 % 101) / 20.0 - 2.5);
        return new Argument(shape, numbers, true);
    }

    /** A vector or a matrix of given numbers, with respect to which is differentiated. */
    private static Argument rows(int rows, double... numbers) {
        Shape shape = rows == 1 ? Shape.of(numbers.length) : Shape.of(rows, numbers.length / rows);
        return new Argument(shape, numbers, true);
    }

    private static List<Case> withoutDerivative() {
        Argument x = awayFromZero("x", 2, 3);
        Argument y = awayFromZero("y", 2, 3);
        return List.of(
                new Case(
                        Op.GREATER,
                        "times a number",
                        (b, in) -> b.mul(b.greater(in.get(0), in.get(1)), in.get(1)),
                        x,
                        y),
                new Case(Op.EQUAL, "times a number", (b, in) -> b.mul(b.equal(in.get(0), in.get(1)), in.get(1)), x, y),
                new Case(
                        Op.ARGMAX,
                        "times a number",
                        (b, in) -> b.mul(b.argmax(in.get(0)), b.sum(in.get(0), 1)),
                        rows(2, 0.1, -0.4, 0.7, -2, -1, -1.5)),
                new Case(
                        Op.UNIFORM,
                        "times a number",
                        (b, in) -> b.mul(b.uniform(in.get(0), Shape.of(2, 3)), in.get(1)),
                        fixed(Shape.of(2), 7, 1),
                        x),
                new Case(
                        Op.ONE_HOT,
                        "times a number",
                        (b, in) -> b.mul(b.oneHot(in.get(0), 3), in.get(1)),
                        fixed(Shape.of(2), 2, 0),
                        x));
    }

    @Test
    void stopGradientHasTheValueButNotTheDerivative() {
        // y = x · stop(x²): the value is x³, its derivative is taken as x², and the derivative of that as 0.
        Map<String, double[]> found = derivatives((b, x) -> b.mul(x, b.stopGradient(b.square(x))), 3);
        assertThat(found.get("order 0")).containsExactly(27);
        assertThat(found.get("order 1")).containsExactly(9);
        assertThat(found.get("order 2")).containsExactly(0);
    }

    @Test
    void theDerivativeAtAKinkIsZeroOrThatOfTheFirstMaximum() {
        assertThat(derivatives(ProgramBuilder::relu, 0).get("order 1")).containsExactly(0);
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.of(3), Program.Scope.TASK);
        Value gradient = Autodiff.grad(b, b.max(x), List.of(x)).get(0);
        Program program = b.build("tie", List.of(new Program.Output("g", Program.Reduction.PER_TASK, gradient)));
        assertThat(run(program, Map.of("x", new double[] {1, 2, 2})).get("g")).containsExactly(0, 1, 0);
    }

    @Test
    void theDerivativesOfAReciprocalBySolvingAreKnownToOrderThree() {
        Map<String, double[]> found = derivatives(
                (b, x) -> b.reshape(b.solve(b.reshape(x, Shape.of(1, 1)), b.full(Shape.of(1, 1), 1)), Shape.scalar()),
                0.5);
        assertThat(found.get("order 0")).containsExactly(new double[] {2}, within(1e-14));
        assertThat(found.get("order 1")).containsExactly(new double[] {-4}, within(1e-14));
        assertThat(found.get("order 2")).containsExactly(new double[] {16}, within(1e-13));
        assertThat(found.get("order 3")).containsExactly(new double[] {-96}, within(1e-12));
    }

    @Test
    void theThirdDerivativesOfExpSquareAndCubeAreKnown() {
        double x = 0.7;
        double e = 2.0137527074704766;
        for (int order = 0; order <= 3; order++) {
            assertThat(derivatives(ProgramBuilder::exp, x).get("order " + order)[0])
                    .isCloseTo(e, within(1e-15));
        }
        Map<String, double[]> square = derivatives(ProgramBuilder::square, x);
        assertThat(square.get("order 1")[0]).isCloseTo(1.4, within(1e-15));
        assertThat(square.get("order 2")[0]).isCloseTo(2, within(1e-15));
        assertThat(square.get("order 3")[0]).isZero();
        assertThat(derivatives((b, v) -> b.mul(v, b.square(v)), x).get("order 3")[0])
                .isCloseTo(6, within(1e-14));
    }

    @Test
    void theThirdDerivativesOfExpAndSquareAgreeWithFiniteDifferences() {
        for (Scalar function :
                List.<Scalar>of(ProgramBuilder::exp, ProgramBuilder::square, (b, v) -> b.exp(b.square(v)))) {
            double h = 1e-3;
            double[] second = new double[5];
            for (int k = -2; k <= 2; k++) {
                second[k + 2] = derivatives(function, 0.7 + k * h).get("order 2")[0];
            }
            double expected = (8 * (second[3] - second[1]) - (second[4] - second[0])) / (12 * h);
            assertThat(derivatives(function, 0.7).get("order 3")[0])
                    .isCloseTo(expected, within(1e-6 * Math.abs(expected) + 1e-9));
        }
    }

    private interface Scalar {
        Value of(ProgramBuilder b, Value x);
    }

    /** A scalar function and its derivatives to order three at one point. */
    private static Map<String, double[]> derivatives(Scalar function, double at) {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.scalar(), Program.Scope.TASK);
        List<Program.Output> outputs = new ArrayList<>();
        Value y = function.of(b, x);
        for (int order = 0; order <= 3; order++) {
            outputs.add(new Program.Output("order " + order, Program.Reduction.PER_TASK, y));
            y = Autodiff.gradOrZeros(b, y, List.of(x)).get(0);
        }
        return run(b.build("derivatives", outputs), Map.of("x", new double[] {at}));
    }

    private static Map<String, double[]> run(Program program, Map<String, double[]> inputs) {
        return Runs.once(new ReferenceBackend(), Precision.DOUBLE, program, inputs);
    }

    /** Loops of all kinds. */
    private static final class Loops {
        private static final int CAPACITY = 4;

        private Loops() {}

        static List<Case> cases() {
            List<Case> cases = new ArrayList<>();
            for (int count : new int[] {0, 1, 3, 4, 9}) {
                cases.add(one(count + " of " + CAPACITY, count, false, false));
                cases.add(one(count + " of " + CAPACITY + ", backwards", count, true, false));
                cases.add(one(count + " of " + CAPACITY + ", with a stop predicate", count, false, true));
            }
            cases.add(new Case(
                    Op.LOOP_RESULT,
                    "the count of steps",
                    (b, in) -> counted(b, in),
                    awayFromZero("s", 2),
                    fixed(Shape.scalar(), 2)));
            cases.add(new Case(
                    Op.LOOP,
                    "a loop within a loop",
                    (b, in) -> nested(b, in),
                    awayFromZero("s", 2),
                    awayFromZero("k", 2)));
            cases.add(new Case(
                    Op.LOOP,
                    "of a gradient step",
                    (b, in) -> descent(b, in),
                    awayFromZero("w", 2, 1),
                    awayFromZero("x", 3, 2),
                    awayFromZero("y", 3, 1)));
            return cases;
        }

        private static Case one(String what, int count, boolean backwards, boolean stops) {
            return new Case(
                    Op.LOOP,
                    what,
                    (b, in) -> {
                        Attributes.Loop attributes =
                                new Attributes.Loop(step(stops), CAPACITY, backwards, 2, 1, 1, stops);
                        List<Value> results =
                                b.loop(attributes, List.of(in.get(0), in.get(1), in.get(2), in.get(3), in.get(4)));
                        Value stack = b.reshape(results.get(2), Shape.of(2 * CAPACITY));
                        return b.concat(0, List.of(results.get(0), b.reshape(results.get(1), Shape.of(1)), stack));
                    },
                    fixed(Shape.scalar(), count),
                    awayFromZero("s", 2),
                    awayFromZero("t"),
                    awayFromZero("w", CAPACITY, 2),
                    awayFromZero("k", 2));
        }

        /** s' = tanh(s·w + k), t' = t + Σ s'·s' ; stacked s·t·k; stops once t' exceeds 2.5. */
        private static Program step(boolean stops) {
            ProgramBuilder b = new ProgramBuilder();
            Value s = b.input("s", Shape.of(2), Program.Scope.LOOP);
            Value t = b.input("t", Shape.scalar(), Program.Scope.LOOP);
            Value w = b.input("w", Shape.of(2), Program.Scope.LOOP);
            Value k = b.input("k", Shape.of(2), Program.Scope.LOOP);
            Value nextS = b.tanh(b.add(b.mul(s, w), k));
            Value nextT = b.add(t, b.sumAll(b.square(nextS)));
            List<Program.Output> outputs = new ArrayList<>();
            outputs.add(new Program.Output("s", Program.Reduction.LOOP, nextS));
            outputs.add(new Program.Output("t", Program.Reduction.LOOP, nextT));
            outputs.add(new Program.Output("stacked", Program.Reduction.LOOP, b.mul(b.mul(s, t), k)));
            if (stops) {
                outputs.add(new Program.Output("stop", Program.Reduction.LOOP, b.greater(nextT, b.constant(2.5))));
            }
            return b.build("step", outputs);
        }

        /** The step count is a value without derivative that may be a factor of a product. */
        private static Value counted(ProgramBuilder b, List<Value> in) {
            ProgramBuilder sb = new ProgramBuilder();
            Value s = sb.input("s", Shape.of(2), Program.Scope.LOOP);
            Program step = sb.build(
                    "halve", List.of(new Program.Output("s", Program.Reduction.LOOP, sb.mul(s, sb.constant(0.5)))));
            List<Value> results =
                    b.loop(new Attributes.Loop(step, 3, false, 1, 0, 0, false), List.of(in.get(1), in.get(0)));
            return b.mul(results.get(0), results.get(1));
        }

        /** s ← tanh applied twice with k each time, three times over. */
        private static Value nested(ProgramBuilder b, List<Value> in) {
            ProgramBuilder inner = new ProgramBuilder();
            Value s = inner.input("s", Shape.of(2), Program.Scope.LOOP);
            Value k = inner.input("k", Shape.of(2), Program.Scope.LOOP);
            Program innerStep = inner.build(
                    "inner",
                    List.of(new Program.Output(
                            "s", Program.Reduction.LOOP, inner.tanh(inner.add(inner.mul(s, s), k)))));
            ProgramBuilder outer = new ProgramBuilder();
            Value os = outer.input("s", Shape.of(2), Program.Scope.LOOP);
            Value ok = outer.input("k", Shape.of(2), Program.Scope.LOOP);
            Value done = outer.loop(
                            new Attributes.Loop(innerStep, 2, false, 1, 0, 0, false),
                            List.of(outer.constant(2), os, ok))
                    .get(0);
            Program outerStep =
                    outer.build("outer", List.of(new Program.Output("s", Program.Reduction.LOOP, outer.mul(done, ok))));
            return b.loop(
                            new Attributes.Loop(outerStep, 3, false, 1, 0, 0, false),
                            List.of(b.constant(3), in.get(0), in.get(1)))
                    .get(0);
        }

        /** Gradient steps of tanh regression: the step program itself holds a derivative. */
        private static Value descent(ProgramBuilder b, List<Value> in) {
            ProgramBuilder sb = new ProgramBuilder();
            Value w = sb.input("w", Shape.of(2, 1), Program.Scope.LOOP);
            Value x = sb.input("x", Shape.of(3, 2), Program.Scope.LOOP);
            Value y = sb.input("y", Shape.of(3, 1), Program.Scope.LOOP);
            Value loss = sb.meanAll(sb.square(sb.sub(sb.tanh(sb.matmul(x, w)), y)));
            Value gradient = Autodiff.grad(sb, loss, List.of(w)).get(0);
            Value next = sb.sub(w, sb.mul(sb.constant(0.3), gradient));
            Program step = sb.build("descent", List.of(new Program.Output("w", Program.Reduction.LOOP, next)));
            return b.loop(
                            new Attributes.Loop(step, 3, false, 1, 0, 0, false),
                            List.of(b.constant(3), in.get(0), in.get(1), in.get(2)))
                    .get(0);
        }
    }
}
