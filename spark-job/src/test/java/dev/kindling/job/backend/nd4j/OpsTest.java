package dev.kindling.job.backend.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ops against the oracle over odd numbers, several tasks at once, shared arguments beside those of tasks. */
class OpsTest {
    private static final double[] ODD = {
        0, -0.0, 1, -1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Float.MIN_VALUE, -3.5, 100, 2, 2
    };

    private static final int TASKS = 3;

    @Test
    void everyOpThatIsNoOtherNameForAnArrayHasAKernel() {
        EnumSet<Op> names = EnumSet.of(Op.INPUT, Op.RESHAPE, Op.STOP_GRADIENT, Op.BARRIER, Op.LOOP, Op.LOOP_RESULT);
        assertThat(new Nd4jKernels(new BatchedMatmul(BatchedMatmul.Rows.OF_EACH_TASK)).known())
                .containsExactlyInAnyOrderElementsOf(EnumSet.complementOf(names));
    }

    @Test
    void isFoundByItsName() {
        assertThat(Backends.named("nd4j")).isInstanceOf(Nd4jBackend.class);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void elementwiseOpsOfEveryReading(Precision precision) {
        for (int columns : new int[] {1, 2, 7, 8, 33}) {
            ProgramBuilder b = new ProgramBuilder();
            Shape shape = Shape.of(4, columns);
            Value x = b.input("x", shape, Program.Scope.TASK);
            Map<String, Value> others = new LinkedHashMap<>();
            others.put("full", b.input("full", shape, Program.Scope.TASK));
            others.put("row", b.input("row", Shape.of(columns), Program.Scope.TASK));
            others.put("single", b.input("single", Shape.scalar(), Program.Scope.TASK));
            others.put("shared", b.input("shared", shape, Program.Scope.BROADCAST));
            Map<String, Value> results = new LinkedHashMap<>();
            Map<String, Function<Value, Value>> functions = Map.of(
                    "neg", b::neg,
                    "relu", b::relu,
                    "sqrt", b::sqrt,
                    "exp", b::exp,
                    "log", b::log,
                    "tanh", b::tanh,
                    "sigmoid", b::sigmoid,
                    "log1p", b::log1p,
                    "expm1", b::expm1);
            functions.forEach((name, function) -> results.put(name, function.apply(x)));
            others.forEach((name, y) -> {
                results.put("x + " + name, b.add(x, y));
                results.put(name + " - x", b.sub(y, x));
                results.put("x * " + name, b.mul(x, y));
                results.put("x / " + name, b.div(x, y));
                results.put(name + " / x", b.div(y, x));
                results.put("x > " + name, b.greater(x, y));
                results.put(name + " > x", b.greater(y, x));
                results.put("x = " + name, b.equal(x, y));
                results.put("x > 0 ? " + name + " : 0", b.select(b.greater(x, b.constant(0)), y, b.constant(0)));
                results.put("x ? " + name + " : x", b.select(x, y, x));
                results.put(name + " ? x : 1", b.select(y, x, b.constant(1)));
            });
            compare(b, results, precision);
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void maximaWithTiesAndNotANumber(Precision precision) {
        for (int columns : new int[] {1, 2, 3, 5, 20}) {
            ProgramBuilder b = new ProgramBuilder();
            Value x = b.input("x", Shape.of(40, columns), Program.Scope.TASK);
            Value ofAll = b.input("of-all", Shape.of(40, columns), Program.Scope.BROADCAST);
            Value argmax = b.argmax(x);
            compare(
                    b,
                    Map.of(
                            "max", b.max(x),
                            "argmax", argmax,
                            "first", b.oneHot(argmax, columns),
                            "shared argmax", b.add(b.argmax(ofAll), argmax)),
                    precision);
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void poolsWithTiesAndNotANumberAndWindowsThatStickOut(Precision precision) {
        for (Window window : List.of(
                Window.padded(6, 6, 2, 2, 2, 2, 0, 0),
                Window.padded(7, 5, 3, 2, 2, 1, 0, 0),
                Window.same(5, 7, 3, 3, 2, 2),
                Window.same(4, 4, 3, 3, 1, 1))) {
            ProgramBuilder b = new ProgramBuilder();
            Value images = b.input("images", Shape.of(2, window.height(), window.width(), 3), Program.Scope.TASK);
            Value from = b.input("from", images.shape(), Program.Scope.BROADCAST);
            Value behind = b.input("behind", Shape.of(2, window.outHeight(), window.outWidth(), 3), Program.Scope.TASK);
            compare(
                    b,
                    Map.of(
                            "gathered", b.poolGather(images, from, window),
                            "gathered by shared", b.poolGather(from, images, window),
                            "scattered", b.poolScatter(images, behind, window),
                            "summed", b.windowSum(images, window),
                            "spread", b.windowSpread(behind, window)),
                    precision);
        }
    }

    private static void compare(ProgramBuilder b, Map<String, Value> results, Precision precision) {
        Program program = b.build("ops", outputs(results));
        RandomStream stream = RandomStream.of(program.hashCode());
        Map<String, double[]> shared = drawn(program.broadcastInputs().names(), program, stream);
        List<Map<String, double[]>> tasks = new ArrayList<>();
        for (int task = 0; task < TASKS; task++) {
            tasks.add(drawn(program.taskInputs().names(), program, stream));
        }
        Map<String, double[]> expected = run("reference", program, precision, shared, tasks);
        run("nd4j", program, precision, shared, tasks).forEach((name, array) -> {
            for (int i = 0; i < array.length; i++) {
                double right = expected.get(name)[i];
                // 0 and -0 are one number here.
                boolean same = array[i] == right || (Double.isNaN(array[i]) && Double.isNaN(right));
                double tolerance = (precision == Precision.FLOAT ? 1e-6 : 1e-14) * Math.max(1, Math.abs(right));
                assertThat(same || Math.abs(array[i] - right) <= tolerance)
                        .as(name + "[" + i + "] is " + array[i] + " for " + right)
                        .isTrue();
            }
        });
    }

    private static List<Program.Output> outputs(Map<String, Value> results) {
        return results.entrySet().stream()
                .map(entry -> new Program.Output(entry.getKey(), Program.Reduction.PER_TASK, entry.getValue()))
                .toList();
    }

    private static Map<String, double[]> drawn(List<String> names, Program program, RandomStream stream) {
        Map<String, double[]> inputs = new HashMap<>();
        for (String name : names) {
            double[] array = new double[program.input(name).shape().size()];
            for (int i = 0; i < array.length; i++) {
                array[i] = stream.nextInt(2) == 0 ? ODD[stream.nextInt(ODD.length)] : (float) stream.nextDouble(-2, 2);
            }
            inputs.put(name, array);
        }
        return inputs;
    }

    private static Map<String, double[]> run(
            String backend,
            Program program,
            Precision precision,
            Map<String, double[]> shared,
            List<Map<String, double[]>> tasks) {
        var workspace = Runs.workspace(Backends.named(backend), precision, program);
        workspace.setBroadcastInputs(Runs.pack(program.broadcastInputs(), precision, shared));
        return Runs.run(workspace, precision, program, tasks);
    }

    /** Values from tables, to sixteen digits; ND4J's own kernels have none of them right. */
    @Test
    void smallNumbersKeepTheirDigits() {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.of(3), Program.Scope.TASK);
        Program program = b.build("small", outputs(Map.of("log1p", b.log1p(x), "expm1", b.expm1(x))));
        double[] small = {1e-12, -1e-9, 1e-5};
        Map<String, double[]> found = Runs.once(Backends.named("nd4j"), Precision.DOUBLE, program, Map.of("x", small));
        double[] logarithms = {9.999999999995e-13, -1.0000000005000000003e-9, 9.99995000033333083e-6};
        double[] exponentials = {1.0000000000005e-12, -9.999999995000000002e-10, 1.00000500001666671e-5};
        for (int i = 0; i < small.length; i++) {
            assertThat(found.get("log1p")[i] / logarithms[i] - 1).isBetween(-1e-15, 1e-15);
            assertThat(found.get("expm1")[i] / exponentials[i] - 1).isBetween(-1e-15, 1e-15);
        }
    }

    @Test
    void indicesOutsideAreRefused() {
        refuses((b) -> b.oneHot(b.input("x", Shape.of(1), Program.Scope.TASK), 3), 3);
        refuses((b) -> b.oneHot(b.input("x", Shape.of(1), Program.Scope.TASK), 3), Double.NaN);
        refuses((b) -> b.gather(b.iota(3), b.input("x", Shape.of(1), Program.Scope.TASK)), -1);
        refuses((b) -> b.scatterAdd(b.input("x", Shape.of(1), Program.Scope.TASK), b.iota(1), 3), 0.5);
    }

    @Test
    void countsThatAreNotWholeAreRefused() {
        Function<ProgramBuilder, Value> loop = b -> {
            ProgramBuilder sb = new ProgramBuilder();
            Value carry = sb.input("carry", Shape.scalar(), Program.Scope.LOOP);
            Value next = sb.add(carry, sb.constant(1));
            Program step = sb.build("count", List.of(new Program.Output("carry", Program.Reduction.LOOP, next)));
            Value count = b.reshape(b.input("x", Shape.of(1), Program.Scope.TASK), Shape.scalar());
            return b.loop(new Attributes.Loop(step, 4, false, 1, 0, 0, false), List.of(count, b.constant(0)))
                    .get(0);
        };
        refuses(loop, -1);
        refuses(loop, 1.5);
        refuses(loop, Double.NaN);
    }

    private static void refuses(Function<ProgramBuilder, Value> what, double given) {
        ProgramBuilder b = new ProgramBuilder();
        Program program =
                b.build("refused", List.of(new Program.Output("y", Program.Reduction.PER_TASK, what.apply(b))));
        String sentence = sentence(new ReferenceBackend(), program, given);
        assertThat(sentence(Backends.named("nd4j"), program, given)).isEqualTo(sentence);
    }

    private static String sentence(dev.kindling.job.backend.Backend backend, Program program, double given) {
        StringBuilder message = new StringBuilder();
        assertThatThrownBy(() -> Runs.once(backend, Precision.DOUBLE, program, Map.of("x", new double[] {given})))
                .isInstanceOfSatisfying(IllegalArgumentException.class, e -> message.append(e.getMessage()));
        return message.toString();
    }
}
