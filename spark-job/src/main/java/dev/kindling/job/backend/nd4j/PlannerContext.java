package dev.kindling.job.backend.nd4j;

import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Plans the buffers and instructions of a program; holds what the planners of it and of its step programs share. */
final class PlannerContext {
    /** The level of task-independent values. */
    static final int ROUND = 0;

    /** The level of task-dependent values; one more for each loop around them. */
    private static final int TASK = 1;

    private final BufferAllocator allocator = new BufferAllocator();
    private final List<Instruction> perRound = new ArrayList<>();
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
        List<TaskBatchPlan.Named> broadcastInputs = new ArrayList<>();
        List<TaskBatchPlan.Named> taskInputs = new ArrayList<>();
        for (Program.Input input : program.inputs()) {
            boolean broadcast = input.scope() == Program.Scope.BROADCAST;
            TensorView view = allocate(broadcast ? TaskAxis.ONE : TaskAxis.TASKS, input.shape());
            views.put(input.value(), view);
            levels.put(input.value(), broadcast ? ROUND : TASK);
            Layout layout = broadcast ? program.broadcastInputs() : program.taskInputs();
            (broadcast ? broadcastInputs : taskInputs).add(new TaskBatchPlan.Named(layout.entry(input.name()), view));
        }
        TensorView gathered =
                allocate(TaskAxis.TASKS, Shape.of(Math.max(1, program.sums().size())));
        TensorView total = allocate(TaskAxis.ONE, gathered.shape());
        List<Instruction> perBatch = new ArrayList<>();
        Nd4jProgramPlanner planner = new Nd4jProgramPlanner(this, program, TASK, perBatch, perRound, views, levels);
        planner.plan();
        return new TaskBatchPlan(
                allocator.all(),
                List.copyOf(perRound),
                List.copyOf(perBatch),
                broadcastInputs,
                taskInputs,
                outputs(program, program.sums(), planner),
                outputs(program, program.perTask(), planner),
                gathered,
                total);
    }

    private static List<TaskBatchPlan.Named> outputs(Program program, Layout layout, Nd4jProgramPlanner planner) {
        return layout.entries().stream()
                .map(entry -> new TaskBatchPlan.Named(entry, planner.view(program.output(entry.name()))))
                .toList();
    }

    Nd4jKernels kernels() {
        return kernels;
    }

    BufferAllocator allocator() {
        return allocator;
    }

    /** The instructions that run once per set of broadcast inputs, in order. */
    List<Instruction> perRound() {
        return perRound;
    }

    /** A new array of floating-point numbers. */
    TensorView allocate(TaskAxis axis, Shape shape) {
        return new TensorView(allocator.allocate(axis, Buffer.Kind.FLOATS, shape.size()), shape);
    }

    TensorView allocate(Nd4jKernels.Scratch scratch) {
        return new TensorView(
                allocator.allocate(scratch.axis(), scratch.kind(), scratch.size()), Shape.of(scratch.size()));
    }
}
