package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The planning of one program: the whole one, or the step of a repeat. What a step computes from its invariants alone is
 * done before the loop, what it computes from nothing that a task owns is done once for all tasks. A slot goes back when
 * the last reader of its value has run.
 */
final class Scope {
    private final Planner planner;
    private final Program program;
    private final int level;
    private final List<Instruction> body;
    /** Where the loop itself will stand, and what is taken out of it goes. */
    private final List<Instruction> before;

    private final Map<Value, Place> places;
    private final Map<Value, Integer> levels;
    /** Position of the last reader, by what is read. */
    private final Map<Value, Integer> lastReaders = new HashMap<>();
    /** Slots of this scope that are not given back while its program runs. */
    private final List<Slot> kept = new ArrayList<>();

    /**
     * A scope.
     *
     * @param level of what depends on this program's own inputs
     * @param places of the inputs; those of all other values are added
     * @param levels of the inputs
     */
    Scope(
            Planner planner,
            Program program,
            int level,
            List<Instruction> body,
            List<Instruction> before,
            Map<Value, Place> places,
            Map<Value, Integer> levels) {
        this.planner = planner;
        this.program = program;
        this.level = level;
        this.body = body;
        this.before = before;
        this.places = places;
        this.levels = levels;
    }

    void plan() {
        List<Value> values = program.values();
        for (int i = 0; i < values.size(); i++) {
            Value value = values.get(i);
            levels.computeIfAbsent(
                    value,
                    any -> value.args().stream().mapToInt(this::level).max().orElse(Planner.SHARED));
            for (Value arg : value.args()) {
                lastReaders.put(root(arg), i);
            }
        }
        program.outputs().forEach(output -> lastReaders.put(root(output.value()), values.size()));
        for (int i = 0; i < values.size(); i++) {
            if (level(values.get(i)) < level) {
                emit(values.get(i));
            }
        }
        for (int i = 0; i < values.size(); i++) {
            if (level(values.get(i)) == level) {
                emit(values.get(i));
                giveBackReadBy(values.get(i), i);
            }
        }
    }

    /** Gives back what {@link #plan} could not: outputs, and what was taken out of the loop. */
    void close() {
        kept.forEach(planner.slots()::giveBack);
    }

    int level(Value value) {
        return Objects.requireNonNull(levels.get(value));
    }

    Place place(Value value) {
        return new Place(Objects.requireNonNull(places.get(root(value))).slot(), value.shape());
    }

    Planner planner() {
        return planner;
    }

    /** Where what is computed at the level of a value is written down. */
    List<Instruction> list(Value value) {
        int of = level(value);
        return of == level ? body : of == Planner.SHARED ? planner.shared() : before;
    }

    /** The level of what belongs to a step of a repeat in this scope. */
    int inside() {
        return level + 1;
    }

    /** Whether anything reads the value. */
    boolean isRead(Value value) {
        return lastReaders.containsKey(value);
    }

    /** The results of a repeat, by index; null where none is read. */
    List<Value> results(Value repeat) {
        return program.values().stream()
                .filter(value -> value.op() == Op.RESULT && value.arg(0).equals(repeat))
                .toList();
    }

    /** Says where a result of a repeat stands. */
    void put(Value result, Place place) {
        places.put(result, place);
        keepOrNot(result, place.slot());
    }

    /** The value whose numbers these are. */
    private static Value root(Value value) {
        Value root = value;
        while (root.op() == Op.RESHAPE || root.op() == Op.STOP_GRADIENT || root.op() == Op.BARRIER) {
            root = root.arg(0);
        }
        return root;
    }

    private void emit(Value value) {
        switch (value.op()) {
            case INPUT, RESHAPE, STOP_GRADIENT, BARRIER, RESULT -> {}
            case REPEAT -> new LoopPlan(this, value).emit();
            default -> {
                Axis axis = value.args().stream().map(arg -> place(arg).axis()).reduce(Axis.ONE, Axis::and);
                call(value, axis);
            }
        }
    }

    private void call(Value value, Axis axis) {
        List<Instruction> list = list(value);
        Kernels.Kernel kernel = planner.kernels().of(value.op());
        Place result = planner.numbers(axis, value.shape());
        List<Slot> borrowed = new ArrayList<>();
        List<Place> args = new ArrayList<>();
        for (Value arg : value.args()) {
            Place place = place(arg);
            if (place.axis() != axis && !kernel.mixesAxes()) {
                Place wide = planner.numbers(axis, place.shape());
                borrowed.add(wide.slot());
                list.add(new Instruction.Copy(place, wide));
                place = wide;
            }
            args.add(place);
        }
        List<Place> scratch =
                kernel.needs(value, args, axis).stream().map(planner::place).toList();
        scratch.forEach(place -> borrowed.add(place.slot()));
        list.add(new Instruction.Call(value, List.copyOf(args), result, scratch));
        borrowed.forEach(planner.slots()::giveBack);
        places.put(value, result);
        keepOrNot(value, result.slot());
    }

    /** A value that is an output, or was taken out of the loop, stays until the loop is done. */
    private void keepOrNot(Value value, Slot slot) {
        boolean output = lastReaders.getOrDefault(value, 0) == program.values().size();
        if (output || level(value) < level) {
            kept.add(slot);
        }
    }

    private void giveBackReadBy(Value value, int position) {
        for (Value arg : value.args()) {
            Value root = root(arg);
            boolean own = level(root) == level && root.op() != Op.INPUT && root.op() != Op.REPEAT;
            if (own && Objects.equals(lastReaders.get(root), position)) {
                planner.slots().giveBack(place(root).slot());
            }
        }
    }
}
