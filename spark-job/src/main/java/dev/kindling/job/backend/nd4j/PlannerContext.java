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
final class PlannerContext {
    /** What belongs to all tasks. */
    static final int SHARED = 0;

    /** What belongs to one task; one more for each repeat around it. */
    private static final int TASK = 1;

    private final BufferAllocator allocator = new BufferAllocator();
    private final List<Instruction> shared = new ArrayList<>();
    private final Nd4jKernels kernels;

    private PlannerContext(Nd4jKernels kernels) {
        this.kernels = kernels;
    }

    static TaskBatchPlan plan(Program program, Nd4jKernels kernels) {
        return new PlannerContext(kernels).plan(program);
    }

    private TaskBatchPlan plan(Program program) {
        Map<Value, TensorView> views = new HashMap<>();
        Map<Value, Integer> levels = new HashMap<>();
        List<TaskBatchPlan.Named> sharedInputs = new ArrayList<>();
        List<TaskBatchPlan.Named> taskInputs = new ArrayList<>();
        for (Program.Input input : program.inputs()) {
            boolean ofAll = input.scope() == Program.Scope.BROADCAST;
            TensorView view = numbers(ofAll ? TaskAxis.ONE : TaskAxis.TASKS, input.shape());
            views.put(input.value(), view);
            levels.put(input.value(), ofAll ? SHARED : TASK);
            Layout layout = ofAll ? program.broadcastInputs() : program.taskInputs();
            (ofAll ? sharedInputs : taskInputs).add(new TaskBatchPlan.Named(layout.entry(input.name()), view));
        }
        TensorView gathered =
                numbers(TaskAxis.TASKS, Shape.of(Math.max(1, program.sums().size())));
        TensorView total = numbers(TaskAxis.ONE, gathered.shape());
        List<Instruction> perTask = new ArrayList<>();
        Nd4jProgramPlanner nd4jProgramPlanner =
                new Nd4jProgramPlanner(this, program, TASK, perTask, shared, views, levels);
        nd4jProgramPlanner.plan();
        return new TaskBatchPlan(
                allocator.all(),
                List.copyOf(shared),
                List.copyOf(perTask),
                sharedInputs,
                taskInputs,
                outputs(program, program.sums(), nd4jProgramPlanner),
                outputs(program, program.perTask(), nd4jProgramPlanner),
                gathered,
                total);
    }

    private static List<TaskBatchPlan.Named> outputs(
            Program program, Layout layout, Nd4jProgramPlanner nd4jProgramPlanner) {
        return layout.entries().stream()
                .map(entry -> new TaskBatchPlan.Named(entry, nd4jProgramPlanner.place(program.output(entry.name()))))
                .toList();
    }

    Nd4jKernels kernels() {
        return kernels;
    }

    BufferAllocator slots() {
        return allocator;
    }

    /** What runs once per set of shared inputs, in order. */
    List<Instruction> shared() {
        return shared;
    }

    TensorView numbers(TaskAxis axis, Shape shape) {
        return new TensorView(allocator.take(axis, Buffer.Kind.NUMBERS, shape.size()), shape);
    }

    TensorView place(Nd4jKernels.Need need) {
        return new TensorView(allocator.take(need.axis(), need.kind(), need.size()), Shape.of(need.size()));
    }
}
