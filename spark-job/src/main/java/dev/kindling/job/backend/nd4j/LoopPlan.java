package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The planning of one repeat: its step is a scope of its own, which reads the invariants where they stand outside. */
final class LoopPlan {
    private final Scope outer;
    private final Planner planner;
    private final Value repeat;
    private final Attributes.Repeat attributes;
    private final Program step;
    private final Axis axis;
    private final List<Slot> borrowed = new ArrayList<>();
    private final List<Instruction.Copy> firsts = new ArrayList<>();
    private final List<Instruction.Row> rows = new ArrayList<>();
    private final List<Place> carries = new ArrayList<>();
    private final Map<Integer, Value> read = new HashMap<>();

    LoopPlan(Scope outer, Value repeat) {
        this.outer = outer;
        this.planner = outer.planner();
        this.repeat = repeat;
        this.attributes = repeat.repeat();
        this.step = attributes.step();
        this.axis = repeat.args().stream().map(arg -> outer.place(arg).axis()).reduce(Axis.ONE, Axis::and);
        outer.results(repeat).stream().filter(outer::isRead).forEach(result -> read.put(result.count(), result));
    }

    void emit() {
        Map<Value, Place> places = new HashMap<>();
        Map<Value, Integer> levels = new HashMap<>();
        placeInputs(places, levels);
        // Before the body is planned: what it gives back must not become part of them.
        List<@Nullable Place> stacks = stacks();
        Place done = result(attributes.countResult(), Shape.scalar());
        List<Instruction> body = new ArrayList<>();
        List<Instruction> list = outer.list(repeat);
        Scope scope = new Scope(planner, step, outer.inside(), body, list, places, levels);
        scope.plan();
        List<Instruction.Copy> nexts = nexts(scope, body);
        list.add(new Instruction.Loop(
                attributes,
                axis,
                outer.place(repeat.arg(0)),
                firsts,
                rows,
                List.copyOf(body),
                nexts,
                stacked(scope, stacks),
                stop(scope),
                done));
        scope.close();
        borrowed.forEach(planner.slots()::giveBack);
    }

    private void placeInputs(Map<Value, Place> places, Map<Value, Integer> levels) {
        for (int i = 0; i < step.inputs().size(); i++) {
            Value input = step.inputs().get(i).value();
            Place given = outer.place(repeat.arg(i + 1));
            Place place = given;
            int level = outer.level(repeat.arg(i + 1));
            if (i < attributes.carries()) {
                place = carry(i, input.shape());
                firsts.add(new Instruction.Copy(given, place));
                level = outer.inside();
            } else if (i < attributes.carries() + attributes.perStep()) {
                place = borrow(input.shape());
                rows.add(new Instruction.Row(given, place));
                level = outer.inside();
            }
            places.put(input, place);
            levels.put(input, level);
        }
    }

    /** A carry stands where it is read after the loop, if it is. */
    private Place carry(int index, Shape shape) {
        Place result = result(index, shape);
        Place carry = result != null ? result : borrow(shape);
        carries.add(carry);
        return carry;
    }

    private Place borrow(Shape shape) {
        Place place = planner.numbers(axis, shape);
        borrowed.add(place.slot());
        return place;
    }

    private @Nullable Place result(int index, Shape shape) {
        Value result = read.get(index);
        if (result == null) {
            return null;
        }
        Place place = planner.numbers(axis, shape);
        outer.put(result, place);
        return place;
    }

    /** From outputs to carries. An output that stands where another carry does is set aside first. */
    private List<Instruction.Copy> nexts(Scope scope, List<Instruction> body) {
        List<Instruction.Copy> nexts = new ArrayList<>();
        for (int i = 0; i < attributes.carries(); i++) {
            Place to = carries.get(i);
            Place from = scope.place(output(i));
            if (from.slot() == to.slot()) {
                continue;
            }
            Slot slot = from.slot();
            if (carries.stream().anyMatch(carry -> carry.slot() == slot)) {
                Place aside = borrow(from.shape());
                body.add(new Instruction.Copy(from, aside));
                from = aside;
            }
            nexts.add(new Instruction.Copy(from, to));
        }
        return nexts;
    }

    private List<@Nullable Place> stacks() {
        List<@Nullable Place> stacks = new ArrayList<>();
        for (int i = attributes.carries(); i < attributes.countResult(); i++) {
            stacks.add(result(i, output(i).shape().stacked(attributes.capacity())));
        }
        return stacks;
    }

    private List<Instruction.Row> stacked(Scope scope, List<@Nullable Place> stacks) {
        List<Instruction.Row> stacked = new ArrayList<>();
        for (int i = 0; i < stacks.size(); i++) {
            Place stack = stacks.get(i);
            if (stack != null) {
                stacked.add(new Instruction.Row(stack, scope.place(output(attributes.carries() + i))));
            }
        }
        return stacked;
    }

    private @Nullable Place stop(Scope scope) {
        return attributes.stops() ? scope.place(output(step.outputs().size() - 1)) : null;
    }

    private Value output(int index) {
        return step.outputs().get(index).value();
    }
}
