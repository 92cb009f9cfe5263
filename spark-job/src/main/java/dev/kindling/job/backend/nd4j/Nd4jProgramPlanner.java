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
 * Plans one program or step program. Values of a step that depend only on invariants are computed before the loop;
 * task-independent values are computed once per round. A buffer is freed after the last reader of its value.
 */
final class Nd4jProgramPlanner {
    private final PlannerContext context;
    private final Program program;
    private final int level;
    private final List<Instruction> body;
    /** The instructions before the loop, to which invariant computations are hoisted. */
    private final List<Instruction> before;

    private final Map<Value, TensorView> views;
    private final Map<Value, Integer> levels;
    /** Index of the last reader of each value. */
    private final Map<Value, Integer> lastReaders = new HashMap<>();
    /** Buffers of this program that are not freed before its end. */
    private final List<Buffer> heldToEnd = new ArrayList<>();

    /**
     * Prepares to plan a program.
     *
     * @param level level of values that depend on this program's own inputs
     * @param views views of the inputs; those of all other values are added
     * @param levels levels of the inputs
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
                    any -> value.args().stream().mapToInt(this::level).max().orElse(PlannerContext.ROUND));
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
                freeAfter(values.get(i), i);
            }
        }
    }

    /** Frees the buffers of outputs and hoisted values, after the loop. */
    void close() {
        heldToEnd.forEach(context.allocator()::free);
    }

    int level(Value value) {
        return Objects.requireNonNull(levels.get(value));
    }

    TensorView view(Value value) {
        return new TensorView(Objects.requireNonNull(views.get(root(value))).buffer(), value.shape());
    }

    PlannerContext context() {
        return context;
    }

    /** The instructions of the level of a value. */
    List<Instruction> instructions(Value value) {
        int ofValue = level(value);
        return ofValue == level ? body : ofValue == PlannerContext.ROUND ? context.perRound() : before;
    }

    /** The level of the step programs of this program's loops. */
    int inside() {
        return level + 1;
    }

    /** Whether any value or output reads the value. */
    boolean isRead(Value value) {
        return lastReaders.containsKey(value);
    }

    /** The results of a loop that occur in the program. */
    List<Value> results(Value loopValue) {
        return program.values().stream()
                .filter(value -> value.op() == Op.LOOP_RESULT && value.arg(0).equals(loopValue))
                .toList();
    }

    /** Sets the view of a loop result. */
    void bind(Value result, TensorView view) {
        views.put(result, view);
        holdIfNeeded(result, view.buffer());
    }

    /** The value that a value is an alias of. */
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
                        value.args().stream().map(arg -> view(arg).axis()).reduce(TaskAxis.ONE, TaskAxis::and);
                call(value, axis);
            }
        }
    }

    private void call(Value value, TaskAxis axis) {
        List<Instruction> list = instructions(value);
        Nd4jKernels.Kernel kernel = context.kernels().of(value.op());
        TensorView result = context.allocate(axis, value.shape());
        List<Buffer> temporary = new ArrayList<>();
        List<TensorView> args = new ArrayList<>();
        for (Value arg : value.args()) {
            TensorView view = view(arg);
            if (view.axis() != axis && !kernel.acceptsMixedAxes()) {
                TensorView broadcast = context.allocate(axis, view.shape());
                temporary.add(broadcast.buffer());
                list.add(new Instruction.Copy(view, broadcast));
                view = broadcast;
            }
            args.add(view);
        }
        List<TensorView> scratch = kernel.scratch(value, args, axis).stream()
                .map(context::allocate)
                .toList();
        scratch.forEach(view -> temporary.add(view.buffer()));
        list.add(new Instruction.Call(value, List.copyOf(args), result, scratch));
        temporary.forEach(context.allocator()::free);
        views.put(value, result);
        holdIfNeeded(value, result.buffer());
    }

    /** Holds the buffer of an output or a hoisted value until the end of the loop. */
    private void holdIfNeeded(Value value, Buffer buffer) {
        boolean output = lastReaders.getOrDefault(value, 0) == program.values().size();
        if (output || level(value) < level) {
            heldToEnd.add(buffer);
        }
    }

    /** Frees the buffers whose last reader is the value at a position. */
    private void freeAfter(Value value, int position) {
        for (Value arg : value.args()) {
            Value root = root(arg);
            boolean own = level(root) == level && root.op() != Op.INPUT && root.op() != Op.LOOP;
            if (own && Objects.equals(lastReaders.get(root), position)) {
                context.allocator().free(view(root).buffer());
            }
        }
    }
}
