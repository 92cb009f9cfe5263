package dev.kindling.job.algorithm;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Builds a loop over named values: carried values, stacks with one entry per step, and loop invariants. */
final class LoopBuilder {
    private final ProgramBuilder b;
    private final int count;
    private final List<Value> arguments = new ArrayList<>();
    private final ProgramBuilder step = new ProgramBuilder();
    private final Map<String, Value> carried;
    private final Map<String, Value> each = new LinkedHashMap<>();
    private final Map<String, Value> fixed;

    /**
     * A loop of {@code count} steps.
     *
     * @param b the builder of the enclosing program
     * @param carries initial carried values
     * @param stacks values with an entry along the first axis for each step
     * @param invariants loop invariants; all names are distinct
     */
    LoopBuilder(
            ProgramBuilder b,
            int count,
            Map<String, Value> carries,
            Map<String, Value> stacks,
            Map<String, Value> invariants) {
        this.b = b;
        this.count = count;
        arguments.add(b.constant(count));
        arguments.addAll(carries.values());
        arguments.addAll(stacks.values());
        arguments.addAll(invariants.values());
        this.carried = NamedValues.declareAs(step, carries);
        stacks.forEach(
                (name, stack) -> each.put(name, step.input(name, stack.shape().unstacked(), Program.Scope.LOOP)));
        this.fixed = NamedValues.declareAs(step, invariants);
    }

    /** The builder of the loop body. */
    ProgramBuilder step() {
        return step;
    }

    /** The carried values, within the body. */
    Map<String, Value> carried() {
        return carried;
    }

    /** The step's entry of each stack, within the body. */
    Map<String, Value> each() {
        return each;
    }

    /** The loop invariants, within the body. */
    Map<String, Value> fixed() {
        return fixed;
    }

    /**
     * Builds the loop.
     *
     * @param name of the loop body
     * @param next the carried values after a step, in the order of {@link #carried}
     * @param stacked further outputs of each step
     * @return the carried values after the last step, and the outputs stacked along a new first axis
     */
    Map<String, Value> run(String name, Map<String, Value> next, Map<String, Value> stacked) {
        List<Program.Output> outputs = new ArrayList<>(NamedValues.outputs(next, Program.Reduction.LOOP));
        outputs.addAll(NamedValues.outputs(stacked, Program.Reduction.LOOP));
        List<Value> results = b.loop(
                new Attributes.Loop(
                        step.build(name, outputs), count, false, carried.size(), each.size(), stacked.size(), false),
                arguments);
        List<String> names = new ArrayList<>(next.keySet());
        names.addAll(stacked.keySet());
        return NamedValues.of(names, results);
    }
}
