package dev.kindling.job.program.rewrite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.algorithm.InnerSettings;
import dev.kindling.job.algorithm.Maml;
import dev.kindling.job.autodiff.Gradients;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.backend.plain.PlainBackend;
import dev.kindling.job.backend.vector.Planned;
import dev.kindling.job.model.Model;
import dev.kindling.job.model.ModelSettings;
import dev.kindling.job.model.Models;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.RandomPrograms;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.rewrite.Rematerialise.Mode;
import dev.kindling.job.random.Stream;
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

/** The three memory modes against each other: the same bits, in less and less memory. */
class RematerialiseTest {
    private static final long MUCH = 1L << 40;
    private static final EpisodeLayout TEN_POINTS = new EpisodeLayout(Shape.of(1), 0, 1, 10, 10);

    @ParameterizedTest
    @ValueSource(ints = {3, 7, 16, 32})
    void mamlHasTheSameBitsInEveryMode(int steps) {
        Program program = maml("mlp-40-40", steps);
        Program recomputing = Rematerialise.in(Mode.RECOMPUTE, program);
        Program segmented = Rematerialise.in(Mode.SQRT, program);
        assertThat(Stacks.numbers(recomputing)).isLessThan(Stacks.numbers(program));
        if (steps > 7) {
            assertThat(Stacks.numbers(segmented)).isLessThan(Stacks.numbers(recomputing));
        }
        assertSameBits(
                program, new RandomPrograms.Drawn(program, numbers(program.sharedInputs(), 1), tasks(program, 2)));
    }

    @Test
    void aWorkspaceShrinksFromModeToMode() {
        Program program = maml("mlp-40-40", 64);
        long kept = bytes(Mode.KEEP, program);
        long recomputed = bytes(Mode.RECOMPUTE, program);
        long segmented = bytes(Mode.SQRT, program);
        assertThat(recomputed).isLessThan(kept * 3 / 4);
        assertThat(segmented).isLessThan(recomputed * 3 / 4);
    }

    @Test
    void theBudgetChoosesTheMode() {
        Program program = maml("mlp-40-40", 32);
        Program recomputing = Rematerialise.in(Mode.RECOMPUTE, program);
        Program segmented = Rematerialise.in(Mode.SQRT, program);
        long kept = 4 * Stacks.numbers(program);
        long recomputed = 4 * Stacks.numbers(recomputing);
        assertThat(Rematerialise.within(program, MUCH, 4)).isSameAs(program);
        assertThat(Rematerialise.within(program, kept, 4)).isSameAs(program);
        assertThat(Rematerialise.within(program, kept - 1, 4)).isEqualTo(recomputing);
        assertThat(Rematerialise.within(program, recomputed, 4)).isEqualTo(recomputing);
        assertThat(Rematerialise.within(program, kept, 8)).isNotEqualTo(program);
        assertThat(Rematerialise.within(program, recomputed - 1, 4)).isEqualTo(segmented);
        assertThat(Rematerialise.within(program, 1, 4)).isEqualTo(segmented);
    }

    @Test
    void aProgramWithoutAReverseStaysItself() {
        Model model = Models.of(ModelSettings.preset("mlp-40-40"), TEN_POINTS);
        Program program = new Maml(new InnerSettings(0.01, 5)).evaluate(model, TEN_POINTS, 32);
        for (Mode mode : Mode.values()) {
            assertThat(Rematerialise.in(mode, program)).isEqualTo(program);
        }
    }

    /**
     * A loop with all that a repeat can have, and its derivatives to order two: carries, per-step inputs and outputs,
     * invariants, a count given at run time, forwards with a stop predicate or without, or backwards.
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
        Map<String, double[]> shared = numbers(program.sharedInputs(), 3);
        Map<String, double[]> task = numbers(program.taskInputs(), 4);
        task.put("count", new double[] {count});
        if (capacity > 3) {
            assertThat(Rematerialise.in(Mode.SQRT, program)).isNotEqualTo(program);
            assertThat(Stacks.numbers(Rematerialise.in(Mode.RECOMPUTE, program)))
                    .isLessThan(Stacks.numbers(program));
        }
        assertSameBits(program, new RandomPrograms.Drawn(program, shared, List.of(task)));
    }

    private static Program loop(int capacity, String kind, int stopAfter) {
        Builder sb = new Builder();
        Value w = sb.input("w", Shape.of(5, 4), Program.Kind.STEP);
        Value place = sb.input("place", Shape.scalar(), Program.Kind.STEP);
        Value rate = sb.input("rate", Shape.scalar(), Program.Kind.STEP);
        Value x = sb.input("x", Shape.of(6, 5), Program.Kind.STEP);
        Value hidden = sb.tanh(sb.add(sb.matmul(x, w), sb.mul(sb.matmul(sb.exp(x), w), rate)));
        Value gates = sb.sigmoid(sb.add(sb.mul(hidden, hidden), hidden));
        Value loss = sb.meanAll(sb.square(sb.sub(gates, sb.constant(0.3))));
        Value next = sb.sub(w, sb.mul(rate, Gradients.of(sb, loss, List.of(w)).get(0)));
        List<Program.Output> outputs = new ArrayList<>();
        outputs.add(new Program.Output("w", Program.Role.STEP, next));
        outputs.add(new Program.Output("loss", Program.Role.STEP, loss));
        boolean stops = kind.equals("stopping");
        if (stops) {
            outputs.add(new Program.Output("stop", Program.Role.STEP, sb.greater(place, sb.constant(stopAfter - 0.5))));
        }
        Attributes.Repeat repeat =
                new Attributes.Repeat(sb.build("descend", outputs), capacity, kind.equals("backwards"), 1, 2, 1, stops);

        Builder b = new Builder();
        Value first = b.input("w", Shape.of(5, 4), Program.Kind.SHARED);
        Value rates = b.input("rates", Shape.of(capacity), Program.Kind.SHARED);
        Value data = b.input("x", Shape.of(6, 5), Program.Kind.TASK);
        Value count = b.input("count", Shape.scalar(), Program.Kind.TASK);
        List<Value> results = b.repeat(repeat, List.of(count, first, b.iota(capacity), rates, data));
        Value y = b.add(b.sumAll(b.square(results.get(0))), b.sumAll(b.exp(results.get(1))));
        List<Value> wrt = List.of(first, rates, data);
        List<Value> gradients = Gradients.orZeros(b, y, wrt);
        Value z = b.constant(0);
        for (Value gradient : gradients) {
            z = b.add(z, b.sumAll(b.square(gradient)));
        }
        List<Program.Output> all = new ArrayList<>();
        all.add(new Program.Output("y", Program.Role.EACH, y));
        all.add(new Program.Output("losses", Program.Role.EACH, results.get(1)));
        all.add(new Program.Output("done", Program.Role.EACH, results.get(2)));
        for (Value gradient : gradients) {
            all.add(new Program.Output("first" + all.size(), Program.Role.SUM, gradient));
        }
        for (Value gradient : Gradients.of(b, z, wrt)) {
            all.add(new Program.Output("second" + all.size(), Program.Role.SUM, gradient));
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
            assertSameBits(program, drawn, precision, one -> Runs.workspace(new PlainBackend(), precision, one));
            assertSameBits(
                    asTheVectorBackendHasIt(program), drawn, precision, one -> Planned.workspace(one, precision));
        }
    }

    private static void assertSameBits(
            Program program, RandomPrograms.Drawn drawn, Precision precision, Function<Program, Workspace> backend) {
        Map<String, double[]> kept = run(backend, precision, program, drawn);
        for (Mode mode : List.of(Mode.RECOMPUTE, Mode.SQRT)) {
            Program other = Rematerialise.in(mode, program);
            run(backend, precision, other, drawn)
                    .forEach((name, array) -> assertThat(array)
                            .as("%s in %s, %s of %s", name, precision, mode, other)
                            .containsExactly(kept.get(name)));
        }
    }

    private static Program asTheVectorBackendHasIt(Program program) {
        return LowRank.rewrite(Rewrites.lean(program));
    }

    private static Map<String, double[]> run(
            Function<Program, Workspace> backend, Precision precision, Program program, RandomPrograms.Drawn drawn) {
        Workspace workspace = backend.apply(program);
        workspace.share(Runs.pack(program.sharedInputs(), precision, drawn.shared()));
        return Runs.run(workspace, precision, program, drawn.tasks());
    }

    private static long bytes(Mode mode, Program program) {
        return Planned.workspace(Rematerialise.in(mode, asTheVectorBackendHasIt(program)), Precision.FLOAT)
                .bytes();
    }

    private static Program maml(String network, int steps) {
        Model model = Models.of(ModelSettings.preset(network), TEN_POINTS);
        return new Maml(new InnerSettings(0.01, steps)).train(model, TEN_POINTS);
    }

    private static List<Map<String, double[]>> tasks(Program program, int count) {
        List<Map<String, double[]>> tasks = new ArrayList<>();
        for (int task = 0; task < count; task++) {
            tasks.add(numbers(program.taskInputs(), 10 + task));
        }
        return tasks;
    }

    private static Map<String, double[]> numbers(Layout layout, long seed) {
        Stream stream = Stream.of(seed);
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
