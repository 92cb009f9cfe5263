package dev.kindling.driver.check.reference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.backend.Backends;
import dev.kindling.job.backend.CompileOptions;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SidesTest {
    private static final Shape SHAPE = Shape.of(1, 2, 2, 2);
    private static final double[] X = {3, -1, -2, 5, 0.5, -4, 1, 2};

    /**
     * A function that is linear on each piece.
     *
     * @param of computes it from an array of {@link #SHAPE}
     */
    private record Case(String name, BiFunction<ProgramBuilder, Value, Value> of) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case> cases() {
        Window window = Window.same(2, 2, 2, 1, 2, 1);
        return Stream.of(
                new Case("relu", ProgramBuilder::relu),
                new Case("max", ProgramBuilder::max),
                new Case("max-pool", (b, x) -> b.maxPool(x, window)),
                new Case("pool-gather", (b, x) -> b.poolGather(x, b.mul(b.constant(2), x), window)),
                new Case("greater", (b, x) -> b.select(b.greater(x, b.constant(0)), x, b.mul(b.constant(2), x))),
                new Case("equal", (b, x) -> b.mul(b.equal(x, b.constant(5)), x)),
                new Case("argmax", (b, x) -> b.mul(b.oneHot(b.argmax(x), 2), x)),
                new Case(
                        "relu of max-pool of relu",
                        (b, x) -> b.relu(b.sub(b.maxPool(b.relu(x), window), b.relu(b.slice(x, 1, 0, 1))))));
    }

    /** Were the function linear everywhere, f(-x) would be -f(x). */
    @ParameterizedTest
    @MethodSource("cases")
    void withFixedSidesAFunctionContinuesItsPiece(Case one) {
        double[] minus = Arrays.stream(X).map(number -> -number).toArray();
        Sides sides = new Sides();
        double[] there = run(one, X, sides);
        double[] expected = Arrays.stream(there).map(number -> -number).toArray();
        assertThat(run(one, X, sides.asFixed())).containsExactly(there);
        assertThat(Arrays.stream(run(one, minus, sides.asFixed()))
                        .map(number -> number + 0.0)
                        .toArray())
                .containsExactly(
                        Arrays.stream(expected).map(number -> number + 0.0).toArray());
        assertThat(run(one, minus, new Sides())).isNotEqualTo(expected);
    }

    private static double[] run(Case one, double[] x, Sides sides) {
        ProgramBuilder b = new ProgramBuilder();
        Value value = one.of().apply(b, b.input("x", SHAPE, Program.Scope.TASK));
        List<Program.Output> sideOutputs = sides.fixed() ? List.of() : Sides.outputs(b, value);
        Value used = sides.fixed() ? Sides.withInputs(b, value) : value;
        Program program = b.build(
                one.name(),
                Stream.concat(
                                Stream.of(new Program.Output("value", Program.Reduction.PER_TASK, used)),
                                sideOutputs.stream())
                        .toList());
        ProgramProbe probe = new ProgramProbe(
                Backends.named("reference").compile(program, new CompileOptions(Precision.DOUBLE, 1 << 20)));
        probe.set("x", x);
        sides.set(probe);
        ProgramProbe.Outputs outputs = probe.at(NamedArrays.empty());
        sides.note(outputs);
        return outputs.array("value");
    }
}
