package dev.kindling.driver.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.kindling.driver.export.OnnxGraph.Dimension;
import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.FlatVector;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Translates small programs, runs them with onnxruntime, and compares the results with the reference backend. */
class OnnxTranslationTest {
    private static final OrtEnvironment RUNTIME = OrtEnvironment.getEnvironment();
    private static final double TOLERANCE = 2e-5;

    private static final Window WINDOW = new Window(7, 6, 3, 2, 2, 2, 1, 0, 3, 3);

    /** A stride beyond the kernel, and rows that no window reaches. */
    private static final Window SPARSE = new Window(7, 6, 2, 1, 3, 2, 0, 0, 2, 3);

    /** The builder and inputs of a program; matrix is positive definite, pooled are outputs of windows over images. */
    private record Inputs(
            ProgramBuilder b, Value a, Value other, Value matrix, Value images, Value pooled, Value indices) {}

    private static Program program(Function<Inputs, Value> made) {
        ProgramBuilder b = new ProgramBuilder();
        Inputs inputs = new Inputs(
                b,
                b.input("a", Shape.of(6, 4), Program.Scope.TASK),
                b.input("b", Shape.of(6, 4), Program.Scope.TASK),
                b.input("matrix", Shape.of(4, 4), Program.Scope.TASK),
                b.input("images", Shape.of(2, 7, 6, 3), Program.Scope.TASK),
                b.input("pooled", Shape.of(2, 3, 3, 3), Program.Scope.TASK),
                b.input("indices", Shape.of(5), Program.Scope.TASK));
        return b.build("test", List.of(new Program.Output("result", Program.Reduction.PER_TASK, made.apply(inputs))));
    }

    private static Value loop(Inputs in, boolean backwards, boolean stops, int count) {
        ProgramBuilder step = new ProgramBuilder();
        Value carry = step.input("carry", Shape.of(4), Program.Scope.LOOP);
        Value each = step.input("each", Shape.of(4), Program.Scope.LOOP);
        Value fixed = step.input("fixed", Shape.of(6, 4), Program.Scope.LOOP);
        Value next = step.tanh(step.add(step.mul(carry, each), step.sum(fixed, 0)));
        List<Program.Output> outputs = new ArrayList<>(List.of(
                new Program.Output("next", Program.Reduction.LOOP, next),
                new Program.Output("stack", Program.Reduction.LOOP, step.mul(next, step.constant(2)))));
        if (stops) {
            outputs.add(new Program.Output(
                    "stop", Program.Reduction.LOOP, step.greater(step.sumAll(each), step.constant(0.5))));
        }
        ProgramBuilder b = in.b();
        List<Value> results = b.loop(
                new Attributes.Loop(step.build("step", outputs), 6, backwards, 1, 1, 1, stops),
                List.of(b.constant(count), b.sum(in.a(), 0), in.a(), in.other()));
        return b.concat(
                0,
                List.of(
                        results.get(0),
                        b.reshape(results.get(1), Shape.of(24)),
                        b.reshape(results.get(2), Shape.of(1))));
    }

    private static Map<String, Function<Inputs, Value>> cases() {
        Map<String, Function<Inputs, Value>> cases = new LinkedHashMap<>();
        cases.put("neg", in -> in.b().neg(in.a()));
        cases.put("exp", in -> in.b().exp(in.a()));
        cases.put("log", in -> in.b().log(in.b().square(in.a())));
        cases.put("log1p", in -> in.b().log1p(in.b().square(in.a())));
        cases.put("log1p near 0", in -> {
            Value tiny = in.b().mul(in.a(), in.b().constant(1e-6));
            return in.b().mul(in.b().log1p(tiny), in.b().constant(1e6));
        });
        cases.put("expm1", in -> in.b().expm1(in.b().mul(in.a(), in.b().constant(3))));
        cases.put("expm1 near 0", in -> {
            Value tiny = in.b().mul(in.a(), in.b().constant(1e-6));
            return in.b().mul(in.b().expm1(tiny), in.b().constant(1e6));
        });
        cases.put("sqrt", in -> in.b().sqrt(in.b().square(in.a())));
        cases.put("tanh", in -> in.b().tanh(in.a()));
        cases.put("sigmoid", in -> in.b().sigmoid(in.a()));
        cases.put("relu", in -> in.b().relu(in.a()));
        cases.put("add", in -> in.b().add(in.a(), in.other()));
        cases.put("sub", in -> in.b().sub(in.a(), in.other()));
        cases.put("mul", in -> in.b().mul(in.a(), in.other()));
        cases.put("div", in -> in.b().div(in.a(), in.other()));
        cases.put("greater", in -> in.b().greater(in.a(), in.other()));
        cases.put("equal", in -> in.b().equal(in.b().argmax(in.a()), in.b().argmax(in.other())));
        cases.put("select", in -> in.b().select(in.b().greater(in.a(), in.other()), in.a(), in.other()));
        cases.put("iota", in -> in.b().add(in.b().sum(in.a(), 1), in.b().iota(6)));
        cases.put("matmul", in -> in.b().matmul(in.a(), in.matrix()));
        cases.put("matmul, both transposed", in -> in.b().matmul(in.matrix(), in.a(), true, true));
        cases.put("solve", in -> in.b().solve(in.matrix(), in.b().transpose(in.a(), 1, 0)));
        cases.put(
                "solve of what is not positive definite",
                in -> in.b().solve(in.b().neg(in.matrix()), in.b().transpose(in.a(), 1, 0)));
        cases.put("broadcast", in -> in.b().broadcast(in.b().sum(in.a(), 0), Shape.of(3, 5, 4)));
        cases.put("sum", in -> in.b().sum(in.images(), 0, 2));
        cases.put("max", in -> in.b().max(in.a()));
        cases.put("argmax", in -> in.b().argmax(in.a()));
        cases.put("one-hot", in -> in.b().oneHot(in.indices(), 6));
        cases.put("reshape", in -> in.b().reshape(in.a(), Shape.of(2, 3, 4)));
        cases.put("transpose", in -> in.b().transpose(in.images(), 3, 0, 2, 1));
        cases.put("slice", in -> in.b().slice(in.images(), 2, 1, 4));
        cases.put("pad", in -> in.b().pad(in.images(), 1, 2, 1));
        cases.put("concat", in -> in.b().concat(1, List.of(in.a(), in.other(), in.a())));
        cases.put("gather", in -> in.b().gather(in.a(), in.indices()));
        cases.put("scatter-add", in -> in.b().scatterAdd(in.indices(), in.b().gather(in.a(), in.indices()), 7));
        for (Window window : List.of(WINDOW, SPARSE)) {
            String of = " of " + window;
            Function<Inputs, Value> outside = in -> in.b().slice(in.pooled(), 1, 0, window.outHeight());
            Function<Inputs, Value> kernel = in -> in.b()
                    .reshape(
                            in.b().slice(in.b().reshape(in.images(), Shape.of(252)), 0, 0, window.area() * 9),
                            Shape.of(window.kernelHeight(), window.kernelWidth(), 3, 3));
            cases.put("conv" + of, in -> in.b().conv(in.images(), kernel.apply(in), window));
            cases.put("conv-input" + of, in -> in.b().convInput(outside.apply(in), kernel.apply(in), window));
            cases.put("conv-kernel" + of, in -> in.b().convKernel(in.images(), outside.apply(in), window));
            cases.put("max-pool" + of, in -> in.b().maxPool(in.images(), window));
            cases.put(
                    "pool-gather" + of,
                    in -> in.b().poolGather(in.images(), in.b().mul(in.images(), in.images()), window));
            cases.put("pool-scatter" + of, in -> in.b().poolScatter(in.images(), outside.apply(in), window));
            cases.put("window-sum" + of, in -> in.b().windowSum(in.images(), window));
            cases.put("window-spread" + of, in -> in.b().windowSpread(outside.apply(in), window));
        }
        cases.put("stop-gradient", in -> in.b().stopGradient(in.a()));
        cases.put("barrier", in -> in.b().barrier(in.a()));
        cases.put("loop", in -> loop(in, false, false, 6));
        cases.put("loop with fewer steps than its capacity", in -> loop(in, false, false, 4));
        cases.put("loop backwards", in -> loop(in, true, false, 5));
        cases.put("loop that stops", in -> loop(in, false, true, 6));
        return cases;
    }

    private static FlatVector values(Layout layout) {
        Random random = new Random(7);
        FlatVector values = FlatVector.zeros(Precision.FLOAT, layout.size());
        for (int i = 0; i < values.size(); i++) {
            values.set(i, random.nextGaussian());
        }
        double[] factor = random.doubles(16, -1, 1).toArray();
        for (int i = 0; i < 4; i++) {
            for (int j = 0; j < 4; j++) {
                double sum = i == j ? 1 : 0;
                for (int k = 0; k < 4; k++) {
                    sum += factor[i * 4 + k] * factor[j * 4 + k];
                }
                values.set(layout.offset("matrix") + i * 4 + j, sum);
            }
        }
        for (int i = 0; i < 5; i++) {
            values.set(layout.offset("indices") + i, (3 * i) % 5);
        }
        return values;
    }

    @TestFactory
    Stream<DynamicTest> everyOpGivesTheResultsOfTheReferenceBackend() {
        return cases().entrySet().stream()
                .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> compare(program(each.getValue()))));
    }

    private static void compare(Program program) throws OrtException {
        FlatVector values = values(program.taskInputs());
        double[] expected = new double[program.perTask().size()];
        try (Workspace workspace = Backends.named("reference")
                .compile(program, new CompileOptions(Precision.FLOAT, 1 << 24))
                .workspace()) {
            workspace.setBroadcastInputs(FlatVector.zeros(Precision.FLOAT, 0));
            workspace.run(
                    1,
                    (task, target, offset) -> target.copyFrom(values, 0, offset, values.size()),
                    FlatVector.zeros(Precision.FLOAT, 0),
                    expected);
        }
        double[] found = onnx(program, values);
        assertThat(found).hasSameSizeAs(expected);
        for (int i = 0; i < found.length; i++) {
            if (Double.isNaN(expected[i])) {
                assertThat(found[i]).isNaN();
            } else {
                assertThat(found[i])
                        .as("element %d", i)
                        .isCloseTo(expected[i], within(TOLERANCE * Math.max(1, Math.abs(expected[i]))));
            }
        }
    }

    private static List<Dimension> dimensions(Shape shape) {
        return Arrays.stream(shape.dims())
                .mapToObj(extent -> new Dimension(extent, ""))
                .toList();
    }

    private static double[] onnx(Program program, FlatVector values) throws OrtException {
        OnnxGraph graph = new OnnxGraph();
        Map<Value, String> names = new HashMap<>();
        for (Program.Input input : program.inputs()) {
            names.put(input.value(), input.name());
            graph.input(input.name(), dimensions(input.shape()));
        }
        VariableRows rows = VariableRows.of((support, query) -> program, OptionalInt.of(1), OptionalInt.of(1), 1);
        Value result = program.output("result");
        new OnnxTranslation(graph, rows, "", "").translate(graph, program, List.of(result), names);
        graph.output("result", names.get(result), dimensions(result.shape()));
        try (OrtSession session = RUNTIME.createSession(graph.encoded("test", new TreeMap<>()))) {
            Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
            for (Layout.Entry entry : program.taskInputs().entries()) {
                float[] part = new float[entry.shape().size()];
                for (int i = 0; i < part.length; i++) {
                    part[i] = (float) values.at(entry.offset() + i);
                }
                long[] shape =
                        Arrays.stream(entry.shape().dims()).asLongStream().toArray();
                inputs.put(entry.name(), OnnxTensor.createTensor(RUNTIME, FloatBuffer.wrap(part), shape));
            }
            try (OrtSession.Result results = session.run(inputs)) {
                FloatBuffer buffer = ((OnnxTensor) results.get(0)).getFloatBuffer();
                double[] found = new double[buffer.remaining()];
                for (int i = 0; i < found.length; i++) {
                    found[i] = buffer.get();
                }
                return found;
            }
        }
    }

    @Test
    void everyOpButInputsAndRandomNumbersHasARuleAndIsTried() {
        VariableRows rows =
                VariableRows.of((support, query) -> program(Inputs::a), OptionalInt.of(1), OptionalInt.of(1), 1);
        Set<Op> missing = EnumSet.allOf(Op.class);
        missing.removeAll(new OnnxTranslation(new OnnxGraph(), rows, "", "").known());
        assertThat(missing).containsExactlyInAnyOrder(Op.INPUT, Op.UNIFORM);
        Set<Op> untried = EnumSet.allOf(Op.class);
        cases().values().forEach(made -> program(made).values().forEach(value -> untried.remove(value.op())));
        assertThat(untried).containsExactly(Op.UNIFORM);
    }

    @Test
    void anOpWithoutACounterpartIsRefusedByName() {
        Program random = program(in -> in.b().uniform(in.indices(), Shape.of(3)));
        assertThatThrownBy(() -> onnx(random, values(random.taskInputs())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the op uniform");
    }

    @Test
    void anExtentThatIsNoBilinearFunctionOfTheNumbersOfRowsIsRefused() {
        VariableRows.Programs squares = (support, query) -> {
            ProgramBuilder b = new ProgramBuilder();
            Value a = b.input("a", Shape.of(support), Program.Scope.TASK);
            Value square = b.broadcast(b.sumAll(a), Shape.of(support * support));
            return b.build("squares", List.of(new Program.Output("result", Program.Reduction.PER_TASK, square)));
        };
        VariableRows rows = VariableRows.of(squares, OptionalInt.empty(), OptionalInt.empty(), 4);
        assertThatThrownBy(() -> rows.extent(rows.program().output("result"), 0))
                .isInstanceOf(VariableRows.DifferentProgramsException.class)
                .hasMessageContaining("bilinear");
    }
}
