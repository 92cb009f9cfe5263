package dev.kindling.job.program.passes;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.IntUnaryOperator;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Applies passes to the step programs of loops. */
final class LoopBodyPass {
    /** The attributes that replace a loop's, and the new index of each of its results. */
    private record Replacement(Attributes.Loop attributes, IntUnaryOperator newIndex) {}

    private LoopBodyPass() {}

    /** Applies a pass to the step programs, innermost first, then to the program. */
    static Program applyRecursively(Program program, UnaryOperator<Program> pass) {
        return pass.apply(replace(program, loopValue -> {
            Attributes.Loop old = loopValue.loop();
            Program step = applyRecursively(old.step(), pass);
            return new Replacement(step.equals(old.step()) ? old : with(old, step, old.stacked()), index -> index);
        }));
    }

    /** Removes unread stacked outputs from all loops, outermost first. */
    static Program withoutUnreadStacks(Program program) {
        LoopResiduals residuals = new LoopResiduals(program);
        return replace(program, loopValue -> {
            Attributes.Loop old = loopValue.loop();
            Set<Integer> read =
                    residuals.results(loopValue).stream().map(Value::count).collect(Collectors.toSet());
            TreeSet<Integer> unread = new TreeSet<>();
            for (int i = old.carries(); i < old.countResult(); i++) {
                if (!read.contains(i)) {
                    unread.add(i);
                }
            }
            Program step = withoutUnreadStacks(without(old.step(), unread));
            return new Replacement(
                    step.equals(old.step()) ? old : with(old, step, old.stacked() - unread.size()),
                    index -> index - unread.headSet(index).size());
        });
    }

    private static Program without(Program step, Set<Integer> removed) {
        if (removed.isEmpty()) {
            return step;
        }
        List<Program.Output> outputs = new ArrayList<>();
        for (int i = 0; i < step.outputs().size(); i++) {
            if (!removed.contains(i)) {
                outputs.add(step.outputs().get(i));
            }
        }
        return ExactCloner.with(step, outputs);
    }

    private static Attributes.Loop with(Attributes.Loop old, Program step, int stacked) {
        return new Attributes.Loop(
                step, old.capacity(), old.backwards(), old.carries(), old.perStep(), stacked, old.stops());
    }

    /** The program with its loops replaced; the same object if no loop changes. */
    private static Program replace(Program program, Function<Value, Replacement> replacement) {
        Map<Value, Replacement> replacements = new HashMap<>();
        for (Value value : program.values()) {
            if (value.op() == Op.LOOP) {
                replacements.put(value, replacement.apply(value));
            }
        }
        if (replacements.entrySet().stream()
                .allMatch(entry -> entry.getKey().loop().equals(entry.getValue().attributes()))) {
            return program;
        }
        ExactCloner cloner = new ExactCloner();
        Map<Value, Value> images = new HashMap<>();
        program.inputs().forEach(input -> images.put(input.value(), cloner.like(input)));
        for (Value value : program.values()) {
            Replacement ofLoop = replacements.get(value);
            if (ofLoop != null) {
                List<Value> args = value.args().stream().map(images::get).toList();
                images.put(value, cloner.apply(Op.LOOP, args, ofLoop.attributes()));
            } else if (value.op() == Op.LOOP_RESULT) {
                Value loopValue = value.arg(0);
                IntUnaryOperator newIndex =
                        Objects.requireNonNull(replacements.get(loopValue)).newIndex();
                Value image = Objects.requireNonNull(images.get(loopValue));
                images.put(value, cloner.result(image, newIndex.applyAsInt(value.count())));
            } else if (value.op() != Op.INPUT) {
                images.put(value, cloner.copy(value, images));
            }
        }
        return cloner.build(program.name(), ExactCloner.images(program.outputs(), images));
    }
}
