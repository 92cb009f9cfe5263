package dev.kindling.job.algorithm;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A repeat whose step sees values by name: those it carries on, one entry of each stack, and those that stay the same. */
final class LoopBuilder {
    private final ProgramBuilder b;
    private final int count;
    private final List<Value> arguments = new ArrayList<>();
    private final ProgramBuilder step = new ProgramBuilder();
    private final Map<String, Value> carried;
    private final Map<String, Value> each = new LinkedHashMap<>();
    private final Map<String, Value> fixed;

    /**
     * A loop of so many steps.
     *
     * @param b of the program around it
     * @param carries before the first step
     * @param stacks one entry along the first axis for each step
     * @param invariants all under names that are not those of the others
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

    /** Of the step program. */
    ProgramBuilder step() {
        return step;
    }

    /** In a step: what it carries on. */
    Map<String, Value> carried() {
        return carried;
    }

    /** In a step: its entry of each stack. */
    Map<String, Value> each() {
        return each;
    }

    /** In a step: what stays the same. */
    Map<String, Value> fixed() {
        return fixed;
    }

    /**
     * Runs all steps.
     *
     * @param name of the step program
     * @param next what a step carries on to the next, in the order of {@link #carried}
     * @param kept what else each step gives
     * @return behind the last step: what it carries, and what was kept, stacked along a new first axis
     */
    Map<String, Value> run(String name, Map<String, Value> next, Map<String, Value> kept) {
        List<Program.Output> outputs = new ArrayList<>(NamedValues.outputs(next, Program.Reduction.LOOP));
        outputs.addAll(NamedValues.outputs(kept, Program.Reduction.LOOP));
        List<Value> results = b.loop(
                new Attributes.Loop(
                        step.build(name, outputs), count, false, carried.size(), each.size(), kept.size(), false),
                arguments);
        List<String> names = new ArrayList<>(next.keySet());
        names.addAll(kept.keySet());
        return NamedValues.of(names, results);
    }
}
