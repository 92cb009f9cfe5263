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
final class Nd4jProgramPlanner {
    private final PlannerContext context;
    private final Program program;
    private final int level;
    private final List<Instruction> body;
    /** Where the loop itself will stand, and what is taken out of it goes. */
    private final List<Instruction> before;

    private final Map<Value, TensorView> views;
    private final Map<Value, Integer> levels;
    /** Position of the last reader, by what is read. */
    private final Map<Value, Integer> lastReaders = new HashMap<>();
    /** Slots of this scope that are not given back while its program runs. */
    private final List<Buffer> kept = new ArrayList<>();

    /**
     * A scope.
     *
     * @param level of what depends on this program's own inputs
     * @param views of the inputs; those of all other values are added
     * @param levels of the inputs
     */
    Nd4jProgramPlanner(
            PlannerContext context,
            Program program,
            int level,
            List<Instruction> body,
            List<Instruction> before,
            Map<Value, TensorView> views,
            Map<Value, Integer> levels) {
        this.context = context;
        this.program = program;
        this.level = level;
        this.body = body;
        this.before = before;
        this.views = views;
        this.levels = levels;
    }

    void plan() {
        List<Value> values = program.values();
        for (int i = 0; i < values.size(); i++) {
            Value value = values.get(i);
            levels.computeIfAbsent(
                    value,
                    any -> value.args().stream().mapToInt(this::level).max().orElse(PlannerContext.SHARED));
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
        kept.forEach(context.slots()::giveBack);
    }

    int level(Value value) {
        return Objects.requireNonNull(levels.get(value));
    }

    TensorView place(Value value) {
        return new TensorView(Objects.requireNonNull(views.get(root(value))).buffer(), value.shape());
    }

    PlannerContext planner() {
        return context;
    }

    /** Where what is computed at the level of a value is written down. */
    List<Instruction> list(Value value) {
        int of = level(value);
        return of == level ? body : of == PlannerContext.SHARED ? context.shared() : before;
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
                .filter(value -> value.op() == Op.LOOP_RESULT && value.arg(0).equals(repeat))
                .toList();
    }

    /** Says where a result of a repeat stands. */
    void put(Value result, TensorView view) {
        views.put(result, view);
        keepOrNot(result, view.buffer());
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
            case INPUT, RESHAPE, STOP_GRADIENT, BARRIER, LOOP_RESULT -> {}
            case LOOP -> new Nd4jLoopPlanner(this, value).emit();
            default -> {
                TaskAxis axis =
                        value.args().stream().map(arg -> place(arg).axis()).reduce(TaskAxis.ONE, TaskAxis::and);
                call(value, axis);
            }
        }
    }

    private void call(Value value, TaskAxis axis) {
        List<Instruction> list = list(value);
        Nd4jKernels.Kernel kernel = context.kernels().of(value.op());
        TensorView result = context.numbers(axis, value.shape());
        List<Buffer> borrowed = new ArrayList<>();
        List<TensorView> args = new ArrayList<>();
        for (Value arg : value.args()) {
            TensorView place = place(arg);
            if (place.axis() != axis && !kernel.mixesAxes()) {
                TensorView wide = context.numbers(axis, place.shape());
                borrowed.add(wide.buffer());
                list.add(new Instruction.Copy(place, wide));
                place = wide;
            }
            args.add(place);
        }
        List<TensorView> scratch =
                kernel.needs(value, args, axis).stream().map(context::place).toList();
        scratch.forEach(place -> borrowed.add(place.buffer()));
        list.add(new Instruction.Call(value, List.copyOf(args), result, scratch));
        borrowed.forEach(context.slots()::giveBack);
        views.put(value, result);
        keepOrNot(value, result.buffer());
    }

    /** A value that is an output, or was taken out of the loop, stays until the loop is done. */
    private void keepOrNot(Value value, Buffer buffer) {
        boolean output = lastReaders.getOrDefault(value, 0) == program.values().size();
        if (output || level(value) < level) {
            kept.add(buffer);
        }
    }

    private void giveBackReadBy(Value value, int position) {
        for (Value arg : value.args()) {
            Value root = root(arg);
            boolean own = level(root) == level && root.op() != Op.INPUT && root.op() != Op.LOOP;
            if (own && Objects.equals(lastReaders.get(root), position)) {
                context.slots().giveBack(place(root).buffer());
            }
        }
    }
}
