package dev.kindling.job.program;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;

/** Simplification never changes which inputs and barriers a value depends on. */
class AlgebraicSimplifierTest {
    @Provide
    Arbitrary<RandomPrograms.Recipe> recipes() {
        return Combinators.combine(Arbitraries.longs(), Arbitraries.integers().between(5, 40))
                .as(RandomPrograms.Recipe::new);
    }

    @Property(tries = 1000)
    void randomProgramsDependOnTheSameInputsAndBarriers(@ForAll("recipes") RandomPrograms.Recipe recipe) {
        ProgramBuilder verbatim = new ProgramBuilder(false);
        List<Value> inputs = new ArrayList<>();
        recipe.inputs().forEach(input -> inputs.add(verbatim.input(input.name(), input.shape(), input.scope())));
        requireSameDependence(recipe.write(verbatim, inputs, true));
    }

    /** Chains of ops that have simplification rules, which occur more densely here than in random programs. */
    @Property(tries = 2000)
    void chainsOfSimplifiedOpsDependOnTheSameInputsAndBarriers(
            @ForAll List<@net.jqwik.api.constraints.IntRange(max = 15) Integer> ops) {
        ProgramBuilder verbatim = new ProgramBuilder(false);
        Value value = verbatim.input("x", Shape.of(2, 3), Program.Scope.TASK);
        Value other = verbatim.input("y", Shape.of(2, 3), Program.Scope.TASK);
        Value number = verbatim.input("n", Shape.scalar(), Program.Scope.TASK);
        for (int op : ops) {
            value = link(verbatim, op, value, other, number);
        }
        requireSameDependence(List.of(value));
    }

    private static Value link(ProgramBuilder b, int op, Value value, Value other, Value number) {
        Value straight = value.shape().equals(other.shape()) ? value : b.transpose(value, 1, 0);
        return switch (op) {
            case 0 -> b.transpose(value, 1, 0);
            case 1 -> b.neg(value);
            case 2 -> b.add(straight, other);
            case 3 -> b.sub(b.neg(other), straight);
            case 4 -> b.mul(value, number);
            case 5 -> b.mul(value, b.constant(-1));
            case 6 -> b.sub(b.full(value.shape(), 0), value);
            case 7 -> b.relu(b.relu(value));
            case 8 -> b.barrier(value);
            case 9 -> b.reshape(b.reshape(value, Shape.of(6)), value.shape());
            case 10 -> b.broadcast(b.sumAll(value), value.shape());
            case 11 -> b.select(b.greater(straight, b.constant(0)), other, other);
            case 12 ->
                b.transpose(b.sub(b.transpose(straight, 1, 0), b.mul(b.constant(0.1), b.transpose(other, 1, 0))), 1, 0);
            case 13 -> b.slice(b.matmul(b.transpose(straight, 1, 0), other), 0, 0, 2);
            case 14 -> b.div(b.slice(value, 0, 0, value.shape().dim(0)), b.full(value.shape(), 1));
            default -> b.add(b.mul(value, b.full(value.shape(), 1)), b.full(value.shape(), 0));
        };
    }

    @Test
    void noSimplificationCrossesABarrier() {
        ProgramBuilder b = new ProgramBuilder();
        Value x = b.input("x", Shape.of(2, 3), Program.Scope.TASK);
        Value barrier = b.barrier(b.transpose(x, 1, 0));
        Value back = b.transpose(barrier, 1, 0);
        assertThat(TopologicalOrder.of(List.of(back))).contains(barrier);
        assertThat(b.transpose(b.transpose(x, 1, 0), 1, 0)).isEqualTo(x);
    }

    /** Rebuilds the values with simplification and compares their inputs and barriers. */
    private static void requireSameDependence(Collection<Value> values) {
        ProgramBuilder b = new ProgramBuilder();
        Map<Value, Value> images = new HashMap<>();
        for (Value value : TopologicalOrder.of(List.copyOf(values))) {
            Value image = value.op() == Op.INPUT
                    ? b.input("input " + value.id(), value.shape(), Program.Scope.TASK)
                    : b.copy(value, images);
            images.put(value, image);
        }
        for (Value value : images.keySet()) {
            // Equal barriers are merged.
            Set<Value> expected = leaves(value).stream().map(images::get).collect(Collectors.toSet());
            assertThat(leaves(images.get(value))).as(value.toString()).isEqualTo(expected);
        }
    }

    private static boolean leaf(Value value) {
        return value.op() == Op.INPUT || value.op() == Op.BARRIER;
    }

    /** The inputs and barriers that a value depends on, without those that it depends on only through barriers. */
    private static Set<Value> leaves(Value value) {
        Set<Value> found = new HashSet<>();
        Set<Value> seen = new HashSet<>();
        List<Value> open = new ArrayList<>(List.of(value));
        while (!open.isEmpty()) {
            Value next = open.remove(open.size() - 1);
            if (!seen.add(next)) {
                continue;
            }
            if (leaf(next)) {
                found.add(next);
            } else {
                open.addAll(next.args());
            }
        }
        return found;
    }
}
