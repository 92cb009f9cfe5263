package dev.kindling.job.program.passes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.RandomPrograms;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Values that are the same in every step of a loop are computed once, with the same results. */
class LoopInvariantsTest {
    @Provide
    Arbitrary<RandomPrograms.Drawn> firstOrder() {
        return RandomPrograms.programs(1);
    }

    @Provide
    Arbitrary<RandomPrograms.Drawn> secondOrder() {
        return RandomPrograms.programs(2);
    }

    @Property(tries = 200)
    void randomProgramsHaveTheSameBits(@ForAll("firstOrder") RandomPrograms.Drawn drawn) {
        assertSameBits(drawn);
    }

    @Property(tries = 100)
    void randomSecondDerivativesHaveTheSameBits(@ForAll("secondOrder") RandomPrograms.Drawn drawn) {
        assertSameBits(drawn);
    }

    private static void assertSameBits(RandomPrograms.Drawn drawn) {
        // The reference backend rounds every op by itself, so that merged values have the bits of each of them.
        Program program = Passes.canonicalize(drawn.program());
        Map<String, double[]> expected = run(program, drawn);
        Program hoisted = LoopInvariants.hoist(program);
        run(hoisted, drawn)
                .forEach((name, array) ->
                        assertThat(array).as("%s of %s", name, hoisted).containsExactly(expected.get(name)));
    }

    private static Map<String, double[]> run(Program program, RandomPrograms.Drawn drawn) {
        Workspace workspace = Runs.workspace(new ReferenceBackend(), Precision.FLOAT, program);
        return Runs.run(workspace, Precision.FLOAT, program, drawn.shared(), drawn.tasks());
    }

    @Test
    void featuresThatNoStepAdaptsAreComputedOnce() {
        Program hoisted = LoopInvariants.hoist(program(false));
        assertThat(count(hoisted, Op.MATMUL)).as("features").isEqualTo(1);
        Program step = step(hoisted);
        assertThat(count(step, Op.MATMUL)).as("products with the adapted head").isEqualTo(1);
        assertThat(count(step, Op.EXP)).isEqualTo(0);
        assertThat(count(step, Op.GREATER))
                .as("backends fuse comparisons with their readers")
                .isEqualTo(1);
    }

    @Test
    void nestedLoopsMoveThemThroughEveryLevel() {
        Program hoisted = LoopInvariants.hoist(program(true));
        assertThat(count(hoisted, Op.MATMUL)).as("features").isEqualTo(1);
        assertThat(count(step(hoisted), Op.MATMUL)).isEqualTo(0);
        assertThat(count(step(step(hoisted)), Op.MATMUL))
                .as("products with the adapted head")
                .isEqualTo(1);
    }

    @Test
    void aLoopWithoutThemIsUnchanged() {
        Program hoisted = LoopInvariants.hoist(program(false));
        Program again = LoopInvariants.hoist(hoisted);
        assertThat(again.values()).hasSameSizeAs(hoisted.values());
        assertThat(step(again).inputs()).hasSameSizeAs(step(hoisted).inputs());
        assertThat(step(again).values()).hasSameSizeAs(step(hoisted).values());
    }

    private static long count(Program program, Op op) {
        return program.values().stream().filter(value -> value.op() == op).count();
    }

    private static Program step(Program program) {
        return program.values().stream()
                .filter(value -> value.op() == Op.LOOP)
                .findFirst()
                .orElseThrow()
                .loop()
                .step();
    }

    /** A head that descends on features which the program outside the loop computes, too. */
    private static Program program(boolean nested) {
        ProgramBuilder sb = new ProgramBuilder();
        Value carried = sb.input("head", Shape.of(3, 2), Program.Scope.LOOP);
        Value images = sb.input("x", Shape.of(5, 4), Program.Scope.LOOP);
        Value weights = sb.input("w", Shape.of(4, 3), Program.Scope.LOOP);
        Value hidden = features(sb, images, weights);
        Value scores = sb.matmul(hidden, carried);
        Value scaled = sb.mul(hidden, sb.sumAll(scores));
        Value masked = sb.select(sb.greater(hidden, sb.constant(1)), scaled, sb.constant(0));
        Value next = sb.add(carried, sb.sumAll(masked));
        Program step = sb.build("descend", List.of(new Program.Output("head", Program.Reduction.LOOP, next)));
        Attributes.Loop loop = new Attributes.Loop(step, 3, false, 1, 0, 0, false);

        ProgramBuilder b = new ProgramBuilder();
        Value head = b.input("head", Shape.of(3, 2), Program.Scope.BROADCAST);
        Value w = b.input("w", Shape.of(4, 3), Program.Scope.BROADCAST);
        Value x = b.input("x", Shape.of(5, 4), Program.Scope.TASK);
        List<Value> arguments = List.of(b.constant(3), head, x, w);
        Value adapted = nested
                ? b.loop(new Attributes.Loop(around(loop), 2, false, 1, 0, 0, false), arguments)
                        .get(0)
                : b.loop(loop, arguments).get(0);
        return b.build(
                "adapt",
                List.of(
                        new Program.Output("head", Program.Reduction.PER_TASK, adapted),
                        new Program.Output("features", Program.Reduction.PER_TASK, features(b, x, w))));
    }

    private static Value features(ProgramBuilder b, Value x, Value w) {
        return b.exp(b.matmul(x, w));
    }

    /** A step program that runs a loop on its own inputs. */
    private static Program around(Attributes.Loop loop) {
        ProgramBuilder sb = new ProgramBuilder();
        Value head = sb.input("head", Shape.of(3, 2), Program.Scope.LOOP);
        Value x = sb.input("x", Shape.of(5, 4), Program.Scope.LOOP);
        Value w = sb.input("w", Shape.of(4, 3), Program.Scope.LOOP);
        Value next = sb.loop(loop, List.of(sb.constant(3), head, x, w)).get(0);
        return sb.build("repeat", List.of(new Program.Output("head", Program.Reduction.LOOP, next)));
    }
}
