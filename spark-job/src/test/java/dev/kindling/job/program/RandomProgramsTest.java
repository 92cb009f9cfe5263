package dev.kindling.job.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.autodiff.FiniteDifferences;
import dev.kindling.job.autodiff.FiniteDifferences.Argument;
import dev.kindling.job.backend.Runs;
import dev.kindling.job.backend.Workspace;
import dev.kindling.job.backend.reference.ReferenceBackend;
import dev.kindling.job.random.RandomStream;
import dev.kindling.job.tensor.Precision;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

class RandomProgramsTest {
    @Test
    void everyOpCanBeDrawn() {
        assertThat(RandomPrograms.known()).containsExactlyInAnyOrder(Op.values());
    }

    @Test
    void aFewHundredProgramsContainEveryOp() {
        Set<Op> seen = EnumSet.noneOf(Op.class);
        for (int seed = 0; seed < 300; seed++) {
            ProgramBuilder b = new ProgramBuilder();
            RandomPrograms.Recipe recipe = new RandomPrograms.Recipe(seed, 25);
            List<Value> inputs = new ArrayList<>();
            recipe.inputs().forEach(input -> inputs.add(b.input(input.name(), input.shape(), input.scope())));
            List<Program.Output> outputs = new ArrayList<>();
            for (Value value : recipe.write(b, inputs, true)) {
                outputs.add(new Program.Output("out" + outputs.size(), Program.Reduction.PER_TASK, value));
            }
            b.build("seen", outputs).values().forEach(value -> seen.add(value.op()));
        }
        assertThat(seen).containsExactlyInAnyOrder(Op.values());
    }

    @Provide
    Arbitrary<RandomPrograms.Drawn> secondOrder() {
        return RandomPrograms.programs(2);
    }

    @Provide
    Arbitrary<RandomPrograms.Recipe> recipes() {
        return RandomPrograms.recipes();
    }

    @Property(tries = 100)
    void everyNumberIsFinite(@ForAll("secondOrder") RandomPrograms.Drawn drawn) {
        Workspace workspace = Runs.workspace(new ReferenceBackend(), Precision.DOUBLE, drawn.program());
        Map<String, double[]> outputs =
                Runs.run(workspace, Precision.DOUBLE, drawn.program(), drawn.shared(), drawn.tasks());
        outputs.forEach((name, array) -> assertThat(Arrays.stream(array).allMatch(Double::isFinite))
                .as(name)
                .isTrue());
    }

    /** The seed is fixed, because a random program may have a kink where it is differentiated. */
    @Property(tries = 60, seed = "1")
    void derivativesAgreeWithFiniteDifferences(@ForAll("recipes") RandomPrograms.Recipe recipe) {
        RandomStream stream = RandomStream.of(recipe.seed());
        List<Argument> arguments = recipe.inputs().stream()
                .map(input -> new Argument(input.shape(), input.draw(stream), !input.whole()))
                .toList();
        FiniteDifferences.checkPiecewise(
                (b, in) -> {
                    List<Value> means = recipe.write(b, in, false).stream()
                            .map(value -> b.reshape(b.tanh(b.meanAll(value)), Shape.of(1)))
                            .toList();
                    return b.concat(0, means);
                },
                arguments);
    }
}
