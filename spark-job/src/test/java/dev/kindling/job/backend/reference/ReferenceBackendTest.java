package dev.kindling.job.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every op of the reference backend against values computed by hand or by loops written here. */
class ReferenceBackendTest {
    private static final double NAN = Double.NaN;
    private static final Offset<Double> CLOSE = within(1e-15);

    @Test
    void everyOpHasAKernel() {
        assertThat(new ReferenceKernels(Precision.DOUBLE).known()).containsExactlyInAnyOrder(Op.values());
    }

    @Test
    void isFoundByItsName() {
        assertThat(Backends.named("reference")).isInstanceOf(ReferenceBackend.class);
    }

    @Test
    void elementwiseOpsOfOneArgument() {
        double[] x = {-2, 0, 0.5};
        assertThat(of(ProgramBuilder::neg, x)).containsExactly(2, -0.0, -0.5);
        assertThat(of(ProgramBuilder::exp, x))
                .containsExactly(new double[] {0.1353352832366127, 1, 1.6487212707001282}, CLOSE);
        assertThat(of(ProgramBuilder::expm1, x))
                .containsExactly(new double[] {-0.8646647167633873, 0, 0.6487212707001282}, CLOSE);
        assertThat(of(ProgramBuilder::log, 1, 2, 10))
                .containsExactly(new double[] {0, 0.6931471805599453, 2.302585092994046}, CLOSE);
        assertThat(of(ProgramBuilder::log1p, 0, 1, 9))
                .containsExactly(new double[] {0, 0.6931471805599453, 2.302585092994046}, CLOSE);
        assertThat(of(ProgramBuilder::sqrt, 0, 4, 2)).containsExactly(new double[] {0, 2, 1.4142135623730951}, CLOSE);
        assertThat(of(ProgramBuilder::tanh, x))
                .containsExactly(new double[] {-0.9640275800758169, 0, 0.4621171572600097}, CLOSE);
        assertThat(of(ProgramBuilder::sigmoid, x))
                .containsExactly(new double[] {0.11920292202211755, 0.5, 0.6224593312018546}, CLOSE);
        assertThat(of(ProgramBuilder::relu, -2, 0, 0.5, NAN)).containsExactly(0, 0, 0.5, NAN);
        assertThat(of(ProgramBuilder::stopGradient, x)).containsExactly(x);
        assertThat(of(ProgramBuilder::barrier, x)).containsExactly(x);
    }

    @Test
    void elementwiseOpsOfTwoArguments() {
        double[] a = {1, 2, -3, NAN};
        double[] b = {4, 2, 0, 1};
        assertThat(of(ProgramBuilder::add, a, b)).containsExactly(5, 4, -3, NAN);
        assertThat(of(ProgramBuilder::sub, a, b)).containsExactly(-3, 0, -3, NAN);
        assertThat(of(ProgramBuilder::mul, a, b)).containsExactly(4, 4, -0.0, NAN);
        assertThat(of(ProgramBuilder::div, a, b)).containsExactly(0.25, 1, Double.NEGATIVE_INFINITY, NAN);
        assertThat(of(ProgramBuilder::greater, b, a)).containsExactly(1, 0, 1, 0);
        assertThat(of(ProgramBuilder::equal, a, b)).containsExactly(0, 1, 0, 0);
    }

    @Test
    void selectTakesTheSecondWhereTheConditionIsNotZero() {
        Program program =
                program((b, in) -> b.select(in.get(0), in.get(1), in.get(2)), Shape.of(3), Shape.of(3), Shape.of(3));
        assertThat(run(program, array(1, 0, -0.5), array(10, 20, 30), array(-1, -2, -3)))
                .containsExactly(10, -2, 30);
    }

    @Test
    void argumentsAreBroadcastAsInNumPy() {
        Program program = program((b, in) -> b.add(in.get(0), in.get(1)), Shape.of(2, 1), Shape.of(3));
        assertThat(run(program, array(10, 20), array(1, 2, 3))).containsExactly(11, 12, 13, 21, 22, 23);
        Program middle = program((b, in) -> b.broadcast(in.get(0), Shape.of(2, 2, 2)), Shape.of(2, 1, 2));
        assertThat(run(middle, array(1, 2, 3, 4))).containsExactly(1, 2, 1, 2, 3, 4, 3, 4);
    }

    @Test
    void productsInAllTranspositions() {
        Random random = new Random(1);
        for (boolean left : new boolean[] {false, true}) {
            for (boolean right : new boolean[] {false, true}) {
                double[][] a = matrix(random, 3, 4);
                double[][] c = matrix(random, 4, 2);
                double[][] expected = new double[3][2];
                for (int i = 0; i < 3; i++) {
                    for (int k = 0; k < 4; k++) {
                        for (int j = 0; j < 2; j++) {
                            expected[i][j] += a[i][k] * c[k][j];
                        }
                    }
                }
                Program program = program(
                        (b, in) -> b.matmul(in.get(0), in.get(1), left, right),
                        left ? Shape.of(4, 3) : Shape.of(3, 4),
                        right ? Shape.of(2, 4) : Shape.of(4, 2));
                double[] result = run(program, flat(left ? turned(a) : a), flat(right ? turned(c) : c));
                assertThat(result).containsExactly(flat(expected), CLOSE);
            }
        }
    }

    @Test
    void solutionsWithTheSymmetricPartOfAMatrix() {
        Program program = program((b, in) -> b.solve(in.get(0), in.get(1)), Shape.of(2, 2), Shape.of(2, 2));
        double[] right = {2, 8, 5, 4};
        for (double[] matrix : new double[][] {{4, 2, 2, 3}, {4, 0, 4, 3}, {4, 5, -1, 3}}) {
            assertThat(run(program, matrix, right)).containsExactly(new double[] {-0.5, 2, 2, 0}, within(1e-15));
        }
    }

    @Test
    void solutionsAreNotANumberIfTheMatrixIsNotPositiveDefinite() {
        Program program = program((b, in) -> b.solve(in.get(0), in.get(1)), Shape.of(2, 2), Shape.of(2, 1));
        double infinite = Double.POSITIVE_INFINITY;
        for (double[] matrix : new double[][] {
            {1, 2, 2, 1}, {1, 1, 1, 1}, {0, 0, 0, 1}, {-1, 0, 0, 1}, {1, 0, NAN, 1}, {NAN, 0, 0, 1}, {infinite, 0, 0, 1}
        }) {
            assertThat(run(program, matrix, array(1, 1)))
                    .as(Arrays.toString(matrix))
                    .containsExactly(NAN, NAN);
        }
    }

    @Test
    void solveRefusesMatricesThatAreNotSquareAndOtherNumbersOfRows() {
        String allowed = ": the first must be a square matrix, the second a matrix of as many rows";
        assertThatThrownBy(() -> program((b, in) -> b.solve(in.get(0), in.get(1)), Shape.of(2, 3), Shape.of(2, 1)))
                .hasMessage("solve of [2, 3] and [2, 1]" + allowed);
        assertThatThrownBy(() -> program((b, in) -> b.solve(in.get(0), in.get(1)), Shape.of(2, 2), Shape.of(3, 1)))
                .hasMessage("solve of [2, 2] and [3, 1]" + allowed);
        assertThatThrownBy(() -> program((b, in) -> b.solve(in.get(0), in.get(1)), Shape.of(2, 2), Shape.of(2)))
                .hasMessage("solve of [2, 2] and [2]" + allowed);
    }

    @Test
    void diagonalMatricesAndLowerTrianglesDoNotSpreadWhatIsNotFinite() {
        assertThat(run(program((b, in) -> b.diagonal(in.get(0)), Shape.of(3)), array(1, NAN, 3)))
                .containsExactly(1, 0, 0, 0, NAN, 0, 0, 0, 3);
        double[] counted = {1, NAN, NAN, 4, 5, NAN, 7, 8, 9, 10, 11, 12};
        assertThat(run(program((b, in) -> b.lowerTriangle(in.get(0)), Shape.of(4, 3)), counted))
                .containsExactly(1, 0, 0, 4, 5, 0, 7, 8, 9, 10, 11, 12);
        assertThat(run(program((b, in) -> b.lowerTriangle(in.get(0)), Shape.of(2, 3)), array(1, 2, 3, 4, 5, 6)))
                .containsExactly(1, 0, 0, 4, 5, 0);
    }

    @Test
    void sumsOverAnyAxes() {
        double[] counted = IntStream.range(0, 12).asDoubleStream().toArray();
        assertThat(run(program((b, in) -> b.sum(in.get(0), 0, 2), Shape.of(2, 3, 2)), counted))
                .containsExactly(14, 22, 30);
        assertThat(run(program((b, in) -> b.sum(in.get(0), 1), Shape.of(2, 3, 2)), counted))
                .containsExactly(6, 9, 24, 27);
        assertThat(run(program((b, in) -> b.sumAll(in.get(0)), Shape.of(2, 3, 2)), counted))
                .containsExactly(66);
    }

    @Test
    void maximaAreTheFirstInEachRow() {
        double[] rows = {1, 5, 5, -1, -7, -1, 2, NAN, 9};
        assertThat(run(program((b, in) -> b.max(in.get(0)), Shape.of(3, 3)), rows))
                .containsExactly(5, -1, NAN);
        assertThat(run(program((b, in) -> b.argmax(in.get(0)), Shape.of(3, 3)), rows))
                .containsExactly(1, 0, 1);
    }

    @Test
    void oneHotMarksTheIndex() {
        assertThat(run(program((b, in) -> b.oneHot(in.get(0), 3), Shape.of(2)), array(2, 0)))
                .containsExactly(0, 0, 1, 1, 0, 0);
    }

    @Test
    void movesOfElements() {
        double[] counted = IntStream.range(0, 6).asDoubleStream().toArray();
        assertThat(run(program((b, in) -> b.reshape(in.get(0), Shape.of(3, 2)), Shape.of(2, 3)), counted))
                .containsExactly(counted);
        assertThat(run(program((b, in) -> b.transpose(in.get(0), 1, 0), Shape.of(2, 3)), counted))
                .containsExactly(0, 3, 1, 4, 2, 5);
        assertThat(run(program((b, in) -> b.transpose(in.get(0), 2, 0, 1), Shape.of(1, 2, 3)), counted))
                .containsExactly(0, 3, 1, 4, 2, 5);
        assertThat(run(program((b, in) -> b.slice(in.get(0), 1, 1, 3), Shape.of(2, 3)), counted))
                .containsExactly(1, 2, 4, 5);
        assertThat(run(program((b, in) -> b.pad(in.get(0), 1, 1, 2), Shape.of(2, 3)), counted))
                .containsExactly(0, 0, 1, 2, 0, 0, 0, 3, 4, 5, 0, 0);
        Program joined = program((b, in) -> b.concat(1, in), Shape.of(2, 1), Shape.of(2, 3));
        assertThat(run(joined, array(8, 9), counted)).containsExactly(8, 0, 1, 2, 9, 3, 4, 5);
        assertThat(run(program((b, in) -> b.iota(4)))).containsExactly(0, 1, 2, 3);
        assertThat(run(program((b, in) -> b.constant(0.1)))).containsExactly(0.1);
    }

    @Test
    void gatherTakesRowsAndScatterAddsThemBack() {
        Program gather = program((b, in) -> b.gather(in.get(0), in.get(1)), Shape.of(3, 2), Shape.of(4));
        assertThat(run(gather, array(1, 2, 3, 4, 5, 6), array(2, 0, 2, 1))).containsExactly(5, 6, 1, 2, 5, 6, 3, 4);
        Program scatter = program((b, in) -> b.scatterAdd(in.get(0), in.get(1), 4), Shape.of(3), Shape.of(3, 2));
        assertThat(run(scatter, array(2, 0, 2), array(1, 2, 3, 4, 5, 6))).containsExactly(3, 4, 0, 0, 6, 8, 0, 0);
    }

    @Test
    void indicesOutsideAreRefused() {
        Program oneHot = program((b, in) -> b.oneHot(in.get(0), 3), Shape.of(1));
        Program gather = program((b, in) -> b.gather(in.get(0), in.get(1)), Shape.of(3), Shape.of(1));
        Program scatter = program((b, in) -> b.scatterAdd(in.get(0), in.get(1), 3), Shape.of(1), Shape.of(1));
        for (double index : new double[] {-1, 3, 0.5, NAN, 1e12}) {
            String message = " at index " + index + ": indices must be integers from 0 to 2";
            assertThatThrownBy(() -> run(oneHot, array(index))).hasMessage("one-hot" + message);
            assertThatThrownBy(() -> run(gather, array(1, 2, 3), array(index))).hasMessage("gather" + message);
            assertThatThrownBy(() -> run(scatter, array(index), array(1))).hasMessage("scatter-add" + message);
        }
    }

    @Test
    void inSinglePrecisionEveryResultIsRounded() {
        Program program = program((b, in) -> b.div(in.get(0), in.get(1)), Shape.of(1), Shape.of(1));
        assertThat(run(Precision.FLOAT, program, array(1), array(3))).containsExactly((double) (1f / 3f));
        Program product = program((b, in) -> b.matmul(in.get(0), in.get(1)), Shape.of(1, 2), Shape.of(2, 1));
        // 1 + 2^-30 - 1 survives in double accumulation only.
        Program sum = program((b, in) -> b.sumAll(in.get(0)), Shape.of(3));
        assertThat(run(Precision.FLOAT, sum, array(1, 0x1p-30, -1))).containsExactly(0x1p-30);
        assertThat(run(Precision.FLOAT, product, array(1, 0x1p-30), array(1, 1)))
                .containsExactly(1);
        assertThat(run(Precision.DOUBLE, product, array(1, 0x1p-30), array(1, 1)))
                .containsExactly(1 + 0x1p-30);
    }

    /** s' = s + w * k, output s * 10, over the rows w of the stack, and stops once s' exceeds the limit. */
    private static Program counting(boolean backwards, boolean stops) {
        ProgramBuilder step = new ProgramBuilder();
        Value s = step.input("s", Shape.scalar(), Program.Scope.LOOP);
        Value w = step.input("w", Shape.scalar(), Program.Scope.LOOP);
        Value k = step.input("k", Shape.scalar(), Program.Scope.LOOP);
        Value next = step.add(s, step.mul(w, k));
        List<Program.Output> outputs = new ArrayList<>();
        outputs.add(new Program.Output("s", Program.Reduction.LOOP, next));
        outputs.add(new Program.Output("before", Program.Reduction.LOOP, step.mul(s, step.constant(10))));
        if (stops) {
            outputs.add(new Program.Output("stop", Program.Reduction.LOOP, step.greater(next, step.constant(100))));
        }
        Program program = step.build("counting", outputs);
        return program(
                (b, in) -> {
                    List<Value> results = b.loop(new Attributes.Loop(program, 4, backwards, 1, 1, 1, stops), in);
                    return b.concat(
                            0,
                            List.of(
                                    b.reshape(results.get(0), Shape.of(1)),
                                    results.get(1),
                                    b.reshape(results.get(2), Shape.of(1))));
                },
                Shape.scalar(),
                Shape.scalar(),
                Shape.of(4),
                Shape.scalar());
    }

    @Test
    void aLoopRunsForwardsOverTheStacks() {
        Program program = counting(false, false);
        double[] w = {1, 10, 100, 1000};
        // s = 5; then 7, 27, 227: w times k = 2.
        assertThat(run(program, array(3), array(5), w, array(2))).containsExactly(227, 50, 70, 270, 0, 3);
        assertThat(run(program, array(0), array(5), w, array(2))).containsExactly(5, 0, 0, 0, 0, 0);
        assertThat(run(program, array(9), array(5), w, array(2))).containsExactly(2227, 50, 70, 270, 2270, 4);
    }

    @Test
    void aBackwardLoopBeginsAtTheLastIndexBelowTheCount() {
        Program program = counting(true, false);
        // Indices 2, 1, 0: s = 5, 205, 225, 227.
        assertThat(run(program, array(3), array(5), array(1, 10, 100, 1000), array(2)))
                .containsExactly(227, 2250, 2050, 50, 0, 3);
    }

    @Test
    void aLoopEndsAfterTheStepWhosePredicateHolds() {
        Program program = counting(false, true);
        assertThat(run(program, array(4), array(5), array(1, 100, 1, 1), array(1)))
                .containsExactly(106, 50, 60, 0, 0, 2);
    }

    @Test
    void aLoopRefusesACountThatIsNegativeOrNoInteger() {
        for (double count : new double[] {-1, 1.5, NAN}) {
            assertThatThrownBy(() -> run(counting(false, false), array(count), array(0), array(1, 1, 1, 1), array(1)))
                    .hasMessage("loop of counting has a count of " + count
                            + " steps; the count must be an integer, at least 0");
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void sumsAreAddedInTaskOrderAndOtherOutputsReturnedPerTask(Precision precision) {
        ProgramBuilder b = new ProgramBuilder();
        Value theta = b.input("theta", Shape.of(2), Program.Scope.BROADCAST);
        Value x = b.input("x", Shape.scalar(), Program.Scope.TASK);
        Program program = b.build(
                "tasks",
                List.of(
                        new Program.Output("gradient", Program.Reduction.SUM, b.mul(theta, x)),
                        new Program.Output("loss", Program.Reduction.PER_TASK, b.add(x, b.constant(1)))));
        Workspace workspace = Runs.workspace(new ReferenceBackend(), precision, program);
        List<Map<String, double[]>> tasks = DoubleStream.of(1, 0.1, 1e-9)
                .mapToObj(t -> Map.of("x", array(t)))
                .toList();

        workspace.setBroadcastInputs(FlatVector.of(precision, 1, 3));
        Map<String, double[]> outputs = Runs.run(workspace, precision, program, tasks);

        double tenth = precision.round(0.1);
        double tiny = precision.round(1e-9);
        double first = precision.round(precision.round(1 + tenth) + tiny);
        double second = precision.round(precision.round(3 + precision.round(3 * tenth)) + precision.round(3 * tiny));
        assertThat(outputs.get("gradient")).containsExactly(first, second);
        assertThat(outputs.get("loss")).containsExactly(2, precision.round(tenth + 1), precision.round(1 + tiny));

        workspace.setBroadcastInputs(FlatVector.of(precision, 10, 10));
        assertThat(Runs.run(workspace, precision, program, tasks.subList(0, 1)).get("gradient"))
                .containsExactly(10, 10);
    }

    @Test
    void runningBeforeBroadcastInputsAreSetIsRefused() {
        ProgramBuilder b = new ProgramBuilder();
        Value theta = b.input("theta", Shape.scalar(), Program.Scope.BROADCAST);
        Program program = b.build("early", List.of(new Program.Output("t", Program.Reduction.PER_TASK, theta)));
        Workspace workspace = Runs.workspace(new ReferenceBackend(), Precision.DOUBLE, program);
        assertThatThrownBy(() -> Runs.run(workspace, Precision.DOUBLE, program, List.of(Map.of())))
                .hasMessage("program early runs before its broadcast inputs are set: [theta]");
    }

    @Test
    @DisplayName("broadcast inputs of another length are refused with both lengths")
    void broadcastInputsOfAnotherLengthAreRefused() {
        ProgramBuilder b = new ProgramBuilder();
        Value theta = b.input("theta", Shape.of(2), Program.Scope.BROADCAST);
        Program program = b.build("long", List.of(new Program.Output("t", Program.Reduction.PER_TASK, theta)));
        Workspace workspace = Runs.workspace(new ReferenceBackend(), Precision.DOUBLE, program);
        assertThatThrownBy(() -> workspace.setBroadcastInputs(FlatVector.zeros(Precision.DOUBLE, 3)))
                .hasMessage("program long has 2 elements of broadcast inputs, was given 3");
    }

    @Test
    void aConvolutionIsACrossCorrelationWithoutFlippingTheKernel() {
        // 2x2 over 3x2 with a row of zeros above: windows at rows -1, 0, 1; one column.
        Window w = new Window(3, 2, 2, 2, 1, 1, 1, 0, 3, 1);
        Shape images = Shape.of(1, 3, 2, 1);
        Shape kernel = Shape.of(2, 2, 1, 2);
        Shape outputs = Shape.of(1, 3, 1, 2);
        double[] x = {1, 2, 3, 4, 5, 6};
        double[] k = {1, 10, 2, 20, 3, 30, 4, 40};
        // Output channel 0: rows (0 0 | 1 2), (1 2 | 3 4), (3 4 | 5 6) against (1 2 | 3 4); channel 1 is ten times
        // that.
        assertThat(run(program((b, in) -> b.conv(in.get(0), in.get(1), w), images, kernel), x, k))
                .containsExactly(11, 110, 30, 300, 50, 500);
        double[] y = {1, 0, 0, 1, 0, 0};
        // Channel 0 of the first window gives (3 4) to row 0; channel 1 of the second (10 20 | 30 40) to rows 0 and 1.
        assertThat(run(program((b, in) -> b.convInput(in.get(0), in.get(1), w), outputs, kernel), y, k))
                .containsExactly(13, 24, 30, 40, 0, 0);
        assertThat(run(program((b, in) -> b.convKernel(in.get(0), in.get(1), w), images, outputs), x, y))
                .containsExactly(0, 1, 0, 2, 1, 3, 2, 4);
    }

    @Test
    void poolingTakesTheFirstMaximumOfTheWindowInsideTheImage() {
        Window w = Window.same(3, 3, 2, 2, 2, 2);
        Shape images = Shape.of(1, 3, 3, 1);
        Shape outputs = Shape.of(1, 2, 2, 1);
        double[] x = {1, 7, NAN, 7, -1, 0, -3, -2, -5};
        assertThat(run(program((b, in) -> b.maxPool(in.get(0), w), images), x)).containsExactly(7, NAN, -2, -5);
        double[] y = {10, 11, 12, 13, 14, 15, 16, 17, 18};
        assertThat(run(program((b, in) -> b.poolGather(in.get(0), in.get(1), w), images, images), x, y))
                .containsExactly(11, 12, 17, 18);
        assertThat(run(
                        program((b, in) -> b.poolScatter(in.get(0), in.get(1), w), images, outputs),
                        x,
                        array(1, 2, 3, 4)))
                .containsExactly(0, 1, 2, 0, 0, 0, 0, 3, 4);
        assertThat(run(program((b, in) -> b.windowSum(in.get(0), w), images), y))
                .containsExactly(48, 27, 33, 18);
        assertThat(run(program((b, in) -> b.windowSpread(in.get(0), w), outputs), array(1, 2, 3, 4)))
                .containsExactly(1, 1, 2, 1, 1, 2, 3, 3, 4);
    }

    @Test
    void uniformNumbersAreAFunctionOfTheirKeyAndUniformInTheUnitInterval() {
        Program program = program((b, in) -> b.uniform(in.get(0), Shape.of(100, 100)), Shape.of(2));
        double[] first = run(program, array(3, 1 << 23));
        assertThat(run(program, array(3, 1 << 23))).containsExactly(first);
        assertThat(run(program, array(3, (1 << 23) + 1))).isNotEqualTo(first);
        assertThat(DoubleStream.of(first)).allMatch(u -> u >= 0 && u < 1 && u.floatValue() == u);
        // The mean of 10,000 such numbers has a standard deviation of 0.0029, that of squares one of 0.0030.
        assertThat(DoubleStream.of(first).average().orElseThrow()).isCloseTo(0.5, within(0.012));
        assertThat(DoubleStream.of(first).map(u -> u * u).average().orElseThrow())
                .isCloseTo(1.0 / 3, within(0.012));
    }

    @Test
    void aWindowThatMeetsNothingIsRefused() {
        assertThatThrownBy(() -> new Window(3, 3, 2, 2, 1, 1, 2, 0, 2, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("each window must meet the input");
    }

    private static double[] of(BiFunction<ProgramBuilder, Value, Value> op, double... x) {
        return run(program((b, in) -> op.apply(b, in.get(0)), Shape.of(x.length)), x);
    }

    private interface Binary {
        Value apply(ProgramBuilder b, Value x, Value y);
    }

    private static double[] of(Binary op, double[] x, double[] y) {
        Shape shape = Shape.of(x.length);
        return run(program((b, in) -> op.apply(b, in.get(0), in.get(1)), shape, shape), x, y);
    }

    /** A program of one output over task inputs of the given shapes. */
    private static Program program(BiFunction<ProgramBuilder, List<Value>, Value> body, Shape... shapes) {
        ProgramBuilder b = new ProgramBuilder();
        List<Value> inputs = new ArrayList<>();
        for (int i = 0; i < shapes.length; i++) {
            inputs.add(b.input("in" + i, shapes[i], Program.Scope.TASK));
        }
        return b.build("test", List.of(new Program.Output("out", Program.Reduction.PER_TASK, body.apply(b, inputs))));
    }

    private static double[] run(Program program, double[]... inputs) {
        return run(Precision.DOUBLE, program, inputs);
    }

    private static double[] run(Precision precision, Program program, double[]... inputs) {
        Map<String, double[]> named = new HashMap<>();
        for (int i = 0; i < inputs.length; i++) {
            named.put("in" + i, inputs[i]);
        }
        return Runs.once(new ReferenceBackend(), precision, program, named).get("out");
    }

    private static double[] array(double... numbers) {
        return numbers;
    }

    private static double[][] matrix(Random random, int rows, int columns) {
        double[][] matrix = new double[rows][columns];
        for (double[] row : matrix) {
            Arrays.setAll(row, i -> random.nextInt(17) - 8);
        }
        return matrix;
    }

    private static double[][] turned(double[][] matrix) {
        double[][] turned = new double[matrix[0].length][matrix.length];
        for (int i = 0; i < matrix.length; i++) {
            for (int j = 0; j < matrix[i].length; j++) {
                turned[j][i] = matrix[i][j];
            }
        }
        return turned;
    }

    private static double[] flat(double[][] matrix) {
        return Arrays.stream(matrix).flatMapToDouble(Arrays::stream).toArray();
    }
}
