package dev.kindling.job.program.passes;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Moves values that are the same in every step of a loop in front of it (loop-invariant code motion), where equal ones are
 * merged: features that no step adapts are then computed once for the prototypes, the losses of the steps and the evaluations.
 */
public final class LoopInvariants {
    /** Ops that stay in the step program although they are the same in every step, because backends fuse them with their readers. */
    private static final Set<Op> FUSED = Collections.unmodifiableSet(
            EnumSet.of(Op.CONSTANT, Op.IOTA, Op.BROADCAST, Op.RESHAPE, Op.GREATER, Op.STOP_GRADIENT, Op.BARRIER));

    private final ProgramBuilder outside;
    /** In the program outside, what is equal to an invariant of the step program. */
    private final Map<Value, Value> invariants = new HashMap<>();

    private final ProgramBuilder inside = new ProgramBuilder();
    private final Map<Value, Value> insideImages = new HashMap<>();
    /** What the loop receives for the inputs that replace moved values. */
    private final List<Value> moved = new ArrayList<>();

    private LoopInvariants(ProgramBuilder outside) {
        this.outside = outside;
    }

    /** An equal program without values in loops that are the same in every step, in nested loops too. */
    public static Program hoist(Program program) {
        return Passes.rebuild(
                program,
                (b, value, images) ->
                        value.op() == Op.LOOP ? new LoopInvariants(b).loop(value, images) : b.copy(value, images));
    }

    private Value loop(Value loopValue, Map<Value, Value> images) {
        Attributes.Loop old = loopValue.loop();
        Program step = hoist(old.step());
        List<Value> arguments = new ArrayList<>();
        loopValue.args().forEach(arg -> arguments.add(Passes.image(images, arg)));
        for (int i = 0; i < step.inputs().size(); i++) {
            Program.Input input = step.inputs().get(i);
            insideImages.put(input.value(), inside.input(input.name(), input.shape(), input.scope()));
            if (i >= old.carries() + old.perStep()) {
                invariants.put(input.value(), arguments.get(i + 1));
            }
        }
        for (Value value : step.values()) {
            if (value.op() != Op.INPUT && invariants.keySet().containsAll(value.args())) {
                invariants.put(value, outside.copy(value, invariants));
            } else if (value.op() != Op.INPUT) {
                image(value);
            }
        }
        List<Program.Output> outputs = new ArrayList<>();
        for (Program.Output output : step.outputs()) {
            outputs.add(new Program.Output(output.name(), output.reduction(), image(output.value())));
        }
        arguments.addAll(moved);
        Attributes.Loop attributes = new Attributes.Loop(
                inside.build(step.name(), outputs),
                old.capacity(),
                old.backwards(),
                old.carries(),
                old.perStep(),
                old.stacked(),
                old.stops());
        return outside.loop(attributes, arguments).get(0).arg(0);
    }

    /** The value in the new step program: an input for one that has moved, else its copy. */
    private Value image(Value value) {
        Value known = insideImages.get(value);
        if (known != null) {
            return known;
        }
        Value image;
        Value equal = invariants.get(value);
        if (equal != null && !FUSED.contains(value.op())) {
            image = inside.input("invariant " + moved.size(), value.shape(), Program.Scope.LOOP);
            moved.add(equal);
        } else {
            value.args().forEach(this::image);
            image = inside.copy(value, insideImages);
        }
        insideImages.put(value, image);
        return image;
    }
}
