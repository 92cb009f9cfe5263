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
final class Nd4jLoopPlanner {
    private final Nd4jProgramPlanner outer;
    private final PlannerContext context;
    private final Value repeat;
    private final Attributes.Loop attributes;
    private final Program step;
    private final TaskAxis axis;
    private final List<Buffer> borrowed = new ArrayList<>();
    private final List<Instruction.Copy> firsts = new ArrayList<>();
    private final List<Instruction.Row> rows = new ArrayList<>();
    private final List<TensorView> carries = new ArrayList<>();
    private final Map<Integer, Value> read = new HashMap<>();

    Nd4jLoopPlanner(Nd4jProgramPlanner outer, Value repeat) {
        this.outer = outer;
        this.context = outer.planner();
        this.repeat = repeat;
        this.attributes = repeat.loop();
        this.step = attributes.step();
        this.axis = repeat.args().stream().map(arg -> outer.place(arg).axis()).reduce(TaskAxis.ONE, TaskAxis::and);
        outer.results(repeat).stream().filter(outer::isRead).forEach(result -> read.put(result.count(), result));
    }

    void emit() {
        Map<Value, TensorView> views = new HashMap<>();
        Map<Value, Integer> levels = new HashMap<>();
        placeInputs(views, levels);
        // Before the body is planned: what it gives back must not become part of them.
        List<@Nullable TensorView> stacks = stacks();
        TensorView done = result(attributes.countResult(), Shape.scalar());
        List<Instruction> body = new ArrayList<>();
        List<Instruction> list = outer.list(repeat);
        Nd4jProgramPlanner nd4jProgramPlanner =
                new Nd4jProgramPlanner(context, step, outer.inside(), body, list, views, levels);
        nd4jProgramPlanner.plan();
        List<Instruction.Copy> nexts = nexts(nd4jProgramPlanner, body);
        list.add(new Instruction.Loop(
                attributes,
                axis,
                outer.place(repeat.arg(0)),
                firsts,
                rows,
                List.copyOf(body),
                nexts,
                stacked(nd4jProgramPlanner, stacks),
                stop(nd4jProgramPlanner),
                done));
        nd4jProgramPlanner.close();
        borrowed.forEach(context.slots()::giveBack);
    }

    private void placeInputs(Map<Value, TensorView> views, Map<Value, Integer> levels) {
        for (int i = 0; i < step.inputs().size(); i++) {
            Value input = step.inputs().get(i).value();
            TensorView given = outer.place(repeat.arg(i + 1));
            TensorView view = given;
            int level = outer.level(repeat.arg(i + 1));
            if (i < attributes.carries()) {
                view = carry(i, input.shape());
                firsts.add(new Instruction.Copy(given, view));
                level = outer.inside();
            } else if (i < attributes.carries() + attributes.perStep()) {
                view = borrow(input.shape());
                rows.add(new Instruction.Row(given, view));
                level = outer.inside();
            }
            views.put(input, view);
            levels.put(input, level);
        }
    }

    /** A carry stands where it is read after the loop, if it is. */
    private TensorView carry(int index, Shape shape) {
        TensorView result = result(index, shape);
        TensorView carry = result != null ? result : borrow(shape);
        carries.add(carry);
        return carry;
    }

    private TensorView borrow(Shape shape) {
        TensorView view = context.numbers(axis, shape);
        borrowed.add(view.buffer());
        return view;
    }

    private @Nullable TensorView result(int index, Shape shape) {
        Value result = read.get(index);
        if (result == null) {
            return null;
        }
        TensorView view = context.numbers(axis, shape);
        outer.put(result, view);
        return view;
    }

    /** From outputs to carries. An output that stands where another carry does is set aside first. */
    private List<Instruction.Copy> nexts(Nd4jProgramPlanner nd4jProgramPlanner, List<Instruction> body) {
        List<Instruction.Copy> nexts = new ArrayList<>();
        for (int i = 0; i < attributes.carries(); i++) {
            TensorView to = carries.get(i);
            TensorView from = nd4jProgramPlanner.place(output(i));
            if (from.buffer() == to.buffer()) {
                continue;
            }
            Buffer buffer = from.buffer();
            if (carries.stream().anyMatch(carry -> carry.buffer() == buffer)) {
                TensorView aside = borrow(from.shape());
                body.add(new Instruction.Copy(from, aside));
                from = aside;
            }
            nexts.add(new Instruction.Copy(from, to));
        }
        return nexts;
    }

    private List<@Nullable TensorView> stacks() {
        List<@Nullable TensorView> stacks = new ArrayList<>();
        for (int i = attributes.carries(); i < attributes.countResult(); i++) {
            stacks.add(result(i, output(i).shape().stacked(attributes.capacity())));
        }
        return stacks;
    }

    private List<Instruction.Row> stacked(Nd4jProgramPlanner nd4jProgramPlanner, List<@Nullable TensorView> stacks) {
        List<Instruction.Row> stacked = new ArrayList<>();
        for (int i = 0; i < stacks.size(); i++) {
            TensorView stack = stacks.get(i);
            if (stack != null) {
                stacked.add(new Instruction.Row(stack, nd4jProgramPlanner.place(output(attributes.carries() + i))));
            }
        }
        return stacked;
    }

    private @Nullable TensorView stop(Nd4jProgramPlanner nd4jProgramPlanner) {
        return attributes.stops()
                ? nd4jProgramPlanner.place(output(step.outputs().size() - 1))
                : null;
    }

    private Value output(int index) {
        return step.outputs().get(index).value();
    }
}
