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

/** Plans one loop: its step program has a planner of its own, which reads the invariants in place. */
final class Nd4jLoopPlanner {
    private final Nd4jProgramPlanner outer;
    private final PlannerContext context;
    private final Value loopValue;
    private final Attributes.Loop attributes;
    private final Program step;
    private final TaskAxis axis;
    private final List<Buffer> temporary = new ArrayList<>();
    private final List<Instruction.Copy> initialCarries = new ArrayList<>();
    private final List<Instruction.Row> perStep = new ArrayList<>();
    private final List<TensorView> carries = new ArrayList<>();
    private final Map<Integer, Value> read = new HashMap<>();

    Nd4jLoopPlanner(Nd4jProgramPlanner outer, Value loopValue) {
        this.outer = outer;
        this.context = outer.context();
        this.loopValue = loopValue;
        this.attributes = loopValue.loop();
        this.step = attributes.step();
        this.axis = loopValue.args().stream().map(arg -> outer.view(arg).axis()).reduce(TaskAxis.ONE, TaskAxis::and);
        outer.results(loopValue).stream().filter(outer::isRead).forEach(result -> read.put(result.count(), result));
    }

    void emit() {
        Map<Value, TensorView> views = new HashMap<>();
        Map<Value, Integer> levels = new HashMap<>();
        allocateInputs(views, levels);
        // Before the body is planned, so that they do not reuse buffers that the body frees.
        List<@Nullable TensorView> stacks = stacks();
        TensorView stepsRun = result(attributes.countResult(), Shape.scalar());
        List<Instruction> body = new ArrayList<>();
        List<Instruction> list = outer.instructions(loopValue);
        Nd4jProgramPlanner stepPlanner =
                new Nd4jProgramPlanner(context, step, outer.inside(), body, list, views, levels);
        stepPlanner.plan();
        List<Instruction.Copy> nextCarries = nextCarries(stepPlanner, body);
        list.add(new Instruction.Loop(
                attributes,
                axis,
                outer.view(loopValue.arg(0)),
                initialCarries,
                perStep,
                List.copyOf(body),
                nextCarries,
                stacked(stepPlanner, stacks),
                stop(stepPlanner),
                stepsRun));
        stepPlanner.close();
        temporary.forEach(context.allocator()::free);
    }

    private void allocateInputs(Map<Value, TensorView> views, Map<Value, Integer> levels) {
        for (int i = 0; i < step.inputs().size(); i++) {
            Value input = step.inputs().get(i).value();
            TensorView given = outer.view(loopValue.arg(i + 1));
            TensorView view = given;
            int level = outer.level(loopValue.arg(i + 1));
            if (i < attributes.carries()) {
                view = carry(i, input.shape());
                initialCarries.add(new Instruction.Copy(given, view));
                level = outer.inside();
            } else if (i < attributes.carries() + attributes.perStep()) {
                view = allocate(input.shape());
                perStep.add(new Instruction.Row(given, view));
                level = outer.inside();
            }
            views.put(input, view);
            levels.put(input, level);
        }
    }

    /** A carry has the buffer of the loop's result, if that is read. */
    private TensorView carry(int index, Shape shape) {
        TensorView result = result(index, shape);
        TensorView carry = result != null ? result : allocate(shape);
        carries.add(carry);
        return carry;
    }

    private TensorView allocate(Shape shape) {
        TensorView view = context.allocate(axis, shape);
        temporary.add(view.buffer());
        return view;
    }

    private @Nullable TensorView result(int index, Shape shape) {
        Value result = read.get(index);
        if (result == null) {
            return null;
        }
        TensorView view = context.allocate(axis, shape);
        outer.bind(result, view);
        return view;
    }

    /** Copies from outputs to carries. An output in the buffer of another carry is copied to a temporary first. */
    private List<Instruction.Copy> nextCarries(Nd4jProgramPlanner stepPlanner, List<Instruction> body) {
        List<Instruction.Copy> copies = new ArrayList<>();
        for (int i = 0; i < attributes.carries(); i++) {
            TensorView to = carries.get(i);
            TensorView from = stepPlanner.view(output(i));
            if (from.buffer() == to.buffer()) {
                continue;
            }
            Buffer buffer = from.buffer();
            if (carries.stream().anyMatch(carry -> carry.buffer() == buffer)) {
                TensorView saved = allocate(from.shape());
                body.add(new Instruction.Copy(from, saved));
                from = saved;
            }
            copies.add(new Instruction.Copy(from, to));
        }
        return copies;
    }

    private List<@Nullable TensorView> stacks() {
        List<@Nullable TensorView> stacks = new ArrayList<>();
        for (int i = attributes.carries(); i < attributes.countResult(); i++) {
            stacks.add(result(i, output(i).shape().stacked(attributes.capacity())));
        }
        return stacks;
    }

    private List<Instruction.Row> stacked(Nd4jProgramPlanner stepPlanner, List<@Nullable TensorView> stacks) {
        List<Instruction.Row> stacked = new ArrayList<>();
        for (int i = 0; i < stacks.size(); i++) {
            TensorView stack = stacks.get(i);
            if (stack != null) {
                stacked.add(new Instruction.Row(stack, stepPlanner.view(output(attributes.carries() + i))));
            }
        }
        return stacked;
    }

    private @Nullable TensorView stop(Nd4jProgramPlanner stepPlanner) {
        return attributes.stops() ? stepPlanner.view(output(step.outputs().size() - 1)) : null;
    }

    private Value output(int index) {
        return step.outputs().get(index).value();
    }
}
