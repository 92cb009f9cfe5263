package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Plans the order, the memory and the steps of a program. Holds what the planners of the program and of its step programs
 * share: the arena and the step list of each level. Depends on the precision only through the {@link Emitter}.
 *
 * @param <S> the type of a step
 */
final class Planner<S> {
    private final Emitter<S> emitter;
    private final List<Arena> arenas = new ArrayList<>();
    private final List<List<S>> lists = new ArrayList<>();
    private final List<S> perStage = new ArrayList<>();
    private final Arena staged = new Arena();
    /** Window tables by what they depend on: the geometry of a layer occurs in each forward and backward pass. */
    private final Map<Object, WindowIndexTable> windowTables = new HashMap<>();

    private final Map<Integer, int[]> zeroStarts = new HashMap<>();
    private int zeros = 1;

    private Planner(Emitter<S> emitter) {
        this.emitter = emitter;
    }

    /**
     * Plans a program.
     *
     * @param scratch elements of scratch memory that a step may use
     */
    static <S> ExecutionPlan<S> plan(Program program, Emitter<S> emitter, int scratch) {
        return new Planner<>(emitter).plan(program, scratch);
    }

    private ExecutionPlan<S> plan(Program program, int scratch) {
        Map<Value, BufferSlice> slices = new HashMap<>();
        Map<Value, Integer> levels = new HashMap<>();
        staged.allocate(1);
        int tasks = arena(1).allocate(Math.max(1, program.taskInputs().size()));
        BufferSlice taskInputs = new BufferSlice(ExecutionPlan.LEVELS + 1, tasks);
        for (Program.Input input : program.inputs()) {
            boolean broadcast = input.scope() == Program.Scope.BROADCAST;
            BufferSlice slice = broadcast
                    ? new BufferSlice(
                            ExecutionPlan.INPUTS, program.broadcastInputs().offset(input.name()))
                    : taskInputs.plus(program.taskInputs().offset(input.name()));
            slices.put(input.value(), slice);
            levels.put(input.value(), broadcast ? 0 : 1);
        }
        ProgramPlanner<S> programPlanner =
                new ProgramPlanner<>(this, program, new FusionAnalysis(program, levels), 1, slices);
        programPlanner.emit();
        List<LoopInstruction.Copy> perTaskOutputs = new ArrayList<>();
        for (Program.Output output : program.outputs()) {
            if (output.reduction() == Program.Reduction.PER_TASK) {
                int at = program.perTask().offset(output.name());
                perTaskOutputs.add(new LoopInstruction.Copy(
                        programPlanner.slice(output.value()),
                        new BufferSlice(0, at),
                        output.shape().size()));
            }
        }
        int[] sizes = new int[ExecutionPlan.LEVELS + arenas.size()];
        sizes[ExecutionPlan.ZEROS] = zeros;
        sizes[ExecutionPlan.SCRATCH] = scratch;
        sizes[ExecutionPlan.STAGED] = staged.size();
        for (int level = 0; level < arenas.size(); level++) {
            sizes[ExecutionPlan.LEVELS + level] = arenas.get(level).size();
        }
        return new ExecutionPlan<>(list(0), list(1), perStage, taskInputs, perTaskOutputs, sizes);
    }

    Emitter<S> emitter() {
        return emitter;
    }

    Arena arena(int level) {
        while (arenas.size() <= level) {
            arenas.add(new Arena());
            lists.add(new ArrayList<>());
        }
        return arenas.get(level);
    }

    /** The steps of a level so far. */
    List<S> list(int level) {
        arena(level);
        return lists.get(level);
    }

    /** The steps so far that run after the tasks of a stage. */
    List<S> perStage() {
        return perStage;
    }

    /** Memory for n elements of each task of a stage. Not of an arena, whose memory the next task overwrites. */
    BufferSlice staged(int n) {
        return new BufferSlice(
                ExecutionPlan.STAGED, staged.allocate(Math.multiplyExact(ExecutionPlan.STAGED_TASKS, n)));
    }

    /** Replaces the step list of a level; returns the previous one, which the caller restores. */
    List<S> replaceList(int level, List<S> list) {
        arena(level);
        return lists.set(level, list);
    }

    /** The start of at least n zeros. */
    BufferSlice zeros(int n) {
        zeros = Math.max(zeros, n);
        return new BufferSlice(ExecutionPlan.ZEROS, 0);
    }

    /** The table of a key, computed at its first use. */
    WindowIndexTable windowTable(Object key, Supplier<WindowIndexTable> compute) {
        return windowTables.computeIfAbsent(key, any -> compute.get());
    }

    /** Row offsets that are all 0: every row starts from the same initial values. */
    int[] zeroStarts(int rows) {
        return zeroStarts.computeIfAbsent(rows, int[]::new);
    }
}
