package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Plans a program: which slot holds which value when, and in which order everything is done. */
final class Planner {
    /** What belongs to all tasks. */
    static final int SHARED = 0;

    /** What belongs to one task; one more for each repeat around it. */
    private static final int TASK = 1;

    private final Slots slots = new Slots();
    private final List<Instruction> shared = new ArrayList<>();
    private final Kernels kernels;

    private Planner(Kernels kernels) {
        this.kernels = kernels;
    }

    static Plan plan(Program program, Kernels kernels) {
        return new Planner(kernels).plan(program);
    }

    private Plan plan(Program program) {
        Map<Value, Place> places = new HashMap<>();
        Map<Value, Integer> levels = new HashMap<>();
        List<Plan.Named> sharedInputs = new ArrayList<>();
        List<Plan.Named> taskInputs = new ArrayList<>();
        for (Program.Input input : program.inputs()) {
            boolean ofAll = input.kind() == Program.Kind.SHARED;
            Place place = numbers(ofAll ? Axis.ONE : Axis.TASKS, input.shape());
            places.put(input.value(), place);
            levels.put(input.value(), ofAll ? SHARED : TASK);
            Layout layout = ofAll ? program.sharedInputs() : program.taskInputs();
            (ofAll ? sharedInputs : taskInputs).add(new Plan.Named(layout.entry(input.name()), place));
        }
        Place gathered = numbers(Axis.TASKS, Shape.of(Math.max(1, program.sums().size())));
        Place total = numbers(Axis.ONE, gathered.shape());
        List<Instruction> perTask = new ArrayList<>();
        Scope scope = new Scope(this, program, TASK, perTask, shared, places, levels);
        scope.plan();
        return new Plan(
                slots.all(),
                List.copyOf(shared),
                List.copyOf(perTask),
                sharedInputs,
                taskInputs,
                outputs(program, program.sums(), scope),
                outputs(program, program.perTask(), scope),
                gathered,
                total);
    }

    private static List<Plan.Named> outputs(Program program, Layout layout, Scope scope) {
        return layout.entries().stream()
                .map(entry -> new Plan.Named(entry, scope.place(program.output(entry.name()))))
                .toList();
    }

    Kernels kernels() {
        return kernels;
    }

    Slots slots() {
        return slots;
    }

    /** What runs once per set of shared inputs, in order. */
    List<Instruction> shared() {
        return shared;
    }

    Place numbers(Axis axis, Shape shape) {
        return new Place(slots.take(axis, Slot.Kind.NUMBERS, shape.size()), shape);
    }

    Place place(Kernels.Need need) {
        return new Place(slots.take(need.axis(), need.kind(), need.size()), Shape.of(need.size()));
    }
}
