package dev.kindling.job.program.passes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.algorithm.MamlAlgorithm;
import dev.kindling.job.autodiff.Autodiff;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.backend.vector.Planned;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelFactory;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.RandomPrograms;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.passes.Rematerialization.Mode;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.task.EpisodeLayout;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The three rematerialization modes give bitwise identical results with decreasing memory. */
class RematerializationTest {
    private static final long MUCH = 1L << 40;
    private static final EpisodeLayout TEN_POINTS = new EpisodeLayout(Shape.of(1), 0, 1, 10, 10);

    @ParameterizedTest
    @ValueSource(ints = {3, 7, 16, 32})
    void mamlHasTheSameBitsInEveryMode(int steps) {
        Program program = maml("mlp-40-40", steps);
        Program recomputing = Rematerialization.in(Mode.RECOMPUTE, program);
        Program segmented = Rematerialization.in(Mode.SQRT, program);
        assertThat(LoopResiduals.storedElements(recomputing)).isLessThan(LoopResiduals.storedElements(program));
        if (steps > 7) {
            assertThat(LoopResiduals.storedElements(segmented)).isLessThan(LoopResiduals.storedElements(recomputing));
        }
        assertSameBits(
                program, new RandomPrograms.Drawn(program, numbers(program.broadcastInputs(), 1), tasks(program, 2)));
    }

    @Test
    void aWorkspaceShrinksFromModeToMode() {
        Program program = maml("mlp-40-40", 64);
        long stored = bytes(Mode.STORE, program);
        long recomputed = bytes(Mode.RECOMPUTE, program);
        long segmented = bytes(Mode.SQRT, program);
        assertThat(recomputed).isLessThan(stored * 3 / 4);
        assertThat(segmented).isLessThan(recomputed * 3 / 4);
    }

    @Test
    void theBudgetChoosesTheMode() {
        Program program = maml("mlp-40-40", 32);
        Program recomputing = Rematerialization.in(Mode.RECOMPUTE, program);
        Program segmented = Rematerialization.in(Mode.SQRT, program);
        long stored = 4 * LoopResiduals.storedElements(program);
        long recomputed = 4 * LoopResiduals.storedElements(recomputing);
        assertThat(Rematerialization.within(program, MUCH, 4)).isSameAs(program);
        assertThat(Rematerialization.within(program, stored, 4)).isSameAs(program);
        assertThat(Rematerialization.within(program, stored - 1, 4)).isEqualTo(recomputing);
        assertThat(Rematerialization.within(program, recomputed, 4)).isEqualTo(recomputing);
        assertThat(Rematerialization.within(program, stored, 8)).isNotEqualTo(program);
        assertThat(Rematerialization.within(program, recomputed - 1, 4)).isEqualTo(segmented);
        assertThat(Rematerialization.within(program, 1, 4)).isEqualTo(segmented);
    }

    @Test
    void aProgramWithoutReverseLoopIsUnchanged() {
        Model model = ModelFactory.of(ModelSettings.preset("mlp-40-40"), TEN_POINTS);
        Program program = new MamlAlgorithm(new InnerSettings(0.01, 5)).evaluate(model, TEN_POINTS, 32);
        for (Mode mode : Mode.values()) {
            assertThat(Rematerialization.in(mode, program)).isEqualTo(program);
        }
    }

    /**
     * A loop with carries, per-step inputs and outputs, invariants and a count given at run time, forwards with or without a
     * stop predicate, or backwards, and its derivatives to order two.
     */
    @ParameterizedTest
    @CsvSource({
        "12, 12, forwards, 100",
        "12, 40, forwards, 100",
        "12, 5, forwards, 100",
        "12, 4, forwards, 100",
        "12, 0, forwards, 100",
        "11, 11, forwards, 100",
        "11, 7, backwards, 100",
        "16, 16, backwards, 100",
        "12, 12, stopping, 7",
        "12, 12, stopping, 8",
        "12, 5, stopping, 7",
        "12, 12, stopping, 0",
        "12, 12, stopping, 100",
        "2, 2, forwards, 100",
        "1, 1, forwards, 100",
    })
    void everyKindOfLoopHasTheSameBitsInEveryMode(int capacity, int count, String kind, int stopAfter) {
        Program program = loop(capacity, kind, stopAfter);
        Map<String, double[]> shared = numbers(program.broadcastInputs(), 3);
        Map<String, double[]> task = numbers(program.taskInputs(), 4);
        task.put("count", new double[] {count});
        if (capacity > 3) {
            assertThat(Rematerialization.in(Mode.SQRT, program)).isNotEqualTo(program);
            assertThat(LoopResiduals.storedElements(Rematerialization.in(Mode.RECOMPUTE, program)))
                    .isLessThan(LoopResiduals.storedElements(program));
        }
        assertSameBits(program, new RandomPrograms.Drawn(program, shared, List.of(task)));
    }

    private static Program loop(int capacity, String kind, int stopAfter) {
        ProgramBuilder sb = new ProgramBuilder();
        Value w = sb.input("w", Shape.of(5, 4), Program.Scope.LOOP);
        Value index = sb.input("index", Shape.scalar(), Program.Scope.LOOP);
        Value rate = sb.input("rate", Shape.scalar(), Program.Scope.LOOP);
        Value x = sb.input("x", Shape.of(6, 5), Program.Scope.LOOP);
        Value hidden = sb.tanh(sb.add(sb.matmul(x, w), sb.mul(sb.matmul(sb.exp(x), w), rate)));
        Value gates = sb.sigmoid(sb.add(sb.mul(hidden, hidden), hidden));
        Value loss = sb.meanAll(sb.square(sb.sub(gates, sb.constant(0.3))));
        Value next = sb.sub(w, sb.mul(rate, Autodiff.grad(sb, loss, List.of(w)).get(0)));
        List<Program.Output> outputs = new ArrayList<>();
        outputs.add(new Program.Output("w", Program.Reduction.LOOP, next));
        outputs.add(new Program.Output("loss", Program.Reduction.LOOP, loss));
        boolean stops = kind.equals("stopping");
        if (stops) {
            outputs.add(new Program.Output(
                    "stop", Program.Reduction.LOOP, sb.greater(index, sb.constant(stopAfter - 0.5))));
        }
        Attributes.Loop loop =
                new Attributes.Loop(sb.build("descend", outputs), capacity, kind.equals("backwards"), 1, 2, 1, stops);

        ProgramBuilder b = new ProgramBuilder();
        Value first = b.input("w", Shape.of(5, 4), Program.Scope.BROADCAST);
        Value rates = b.input("rates", Shape.of(capacity), Program.Scope.BROADCAST);
        Value data = b.input("x", Shape.of(6, 5), Program.Scope.TASK);
        Value count = b.input("count", Shape.scalar(), Program.Scope.TASK);
        List<Value> results = b.loop(loop, List.of(count, first, b.iota(capacity), rates, data));
        Value y = b.add(b.sumAll(b.square(results.get(0))), b.sumAll(b.exp(results.get(1))));
        List<Value> wrt = List.of(first, rates, data);
        List<Value> gradients = Autodiff.gradOrZeros(b, y, wrt);
        Value z = b.constant(0);
        for (Value gradient : gradients) {
            z = b.add(z, b.sumAll(b.square(gradient)));
        }
        List<Program.Output> all = new ArrayList<>();
        all.add(new Program.Output("y", Program.Reduction.PER_TASK, y));
        all.add(new Program.Output("losses", Program.Reduction.PER_TASK, results.get(1)));
        all.add(new Program.Output("done", Program.Reduction.PER_TASK, results.get(2)));
        for (Value gradient : gradients) {
            all.add(new Program.Output("first" + all.size(), Program.Reduction.SUM, gradient));
        }
        for (Value gradient : Autodiff.grad(b, z, wrt)) {
            all.add(new Program.Output("second" + all.size(), Program.Reduction.SUM, gradient));
        }
        return b.build("loop", all);
    }

    @Provide
    Arbitrary<RandomPrograms.Drawn> firstOrder() {
        return RandomPrograms.programs(1);
    }

    @Provide
    Arbitrary<RandomPrograms.Drawn> secondOrder() {
        return RandomPrograms.programs(2);
    }

    @Property(tries = 200)
    void randomProgramsHaveTheSameBitsInEveryMode(@ForAll("firstOrder") RandomPrograms.Drawn drawn) {
        assertSameBits(drawn.program(), drawn);
    }

    @Property(tries = 100)
    void randomSecondDerivativesHaveTheSameBitsInEveryMode(@ForAll("secondOrder") RandomPrograms.Drawn drawn) {
        assertSameBits(drawn.program(), drawn);
    }

    private static void assertSameBits(Program program, RandomPrograms.Drawn drawn) {
        for (Precision precision : Precision.values()) {
            assertSameBits(program, drawn, precision, one -> Runs.workspace(new ReferenceBackend(), precision, one));
            assertSameBits(withVectorPasses(program), drawn, precision, one -> Planned.workspace(one, precision));
        }
    }

    private static void assertSameBits(
            Program program, RandomPrograms.Drawn drawn, Precision precision, Function<Program, Workspace> backend) {
        Map<String, double[]> expected = run(backend, precision, program, drawn);
        for (Mode mode : List.of(Mode.RECOMPUTE, Mode.SQRT)) {
            Program other = Rematerialization.in(mode, program);
            run(backend, precision, other, drawn)
                    .forEach((name, array) -> assertThat(array)
                            .as("%s in %s, %s of %s", name, precision, mode, other)
                            .containsExactly(expected.get(name)));
        }
    }

    /** The program after the first passes of the vector backend. */
    private static Program withVectorPasses(Program program) {
        return LowRankMatmulPass.rewrite(LoopInvariants.hoist(Passes.canonicalize(program)));
    }

    private static Map<String, double[]> run(
            Function<Program, Workspace> backend, Precision precision, Program program, RandomPrograms.Drawn drawn) {
        return Runs.run(backend.apply(program), precision, program, drawn.shared(), drawn.tasks());
    }

    private static long bytes(Mode mode, Program program) {
        return Planned.workspace(Rematerialization.in(mode, withVectorPasses(program)), Precision.FLOAT)
                .bytes();
    }

    private static Program maml(String network, int steps) {
        Model model = ModelFactory.of(ModelSettings.preset(network), TEN_POINTS);
        return new MamlAlgorithm(new InnerSettings(0.01, steps)).train(model, TEN_POINTS);
    }

    private static List<Map<String, double[]>> tasks(Program program, int count) {
        List<Map<String, double[]>> tasks = new ArrayList<>();
        for (int task = 0; task < count; task++) {
            tasks.add(numbers(program.taskInputs(), 10 + task));
        }
        return tasks;
    }

    private static Map<String, double[]> numbers(Layout layout, long seed) {
        RandomStream stream = RandomStream.of(seed);
        Map<String, double[]> numbers = new HashMap<>();
        for (Layout.Entry entry : layout.entries()) {
            double[] array = new double[entry.shape().size()];
            for (int i = 0; i < array.length; i++) {
                array[i] = (float) stream.nextDouble(-0.4, 0.4);
            }
            numbers.put(entry.name(), array);
        }
        return numbers;
    }
}
