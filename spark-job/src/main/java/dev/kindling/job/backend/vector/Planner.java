package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Plans a program: order, memory, steps. What all scopes of one program share stands here: the arenas and step lists of
 * the levels. Precision enters through the {@link Emitter} alone.
 *
 * @param <S> a step
 */
final class Planner<S> {
    private final Emitter<S> emitter;
    private final List<Arena> arenas = new ArrayList<>();
    private final List<List<S>> lists = new ArrayList<>();
    /** Tables by what they depend on: a layer's geometry returns in each pass, forwards and backwards. */
    private final Map<Object, WindowIndexTable> taps = new HashMap<>();

    private final Map<Integer, int[]> noStarts = new HashMap<>();
    private int zeros = 1;

    private Planner(Emitter<S> emitter) {
        this.emitter = emitter;
    }

    /**
     * Plans a program.
     *
     * @param scratch numbers of scratch that a step may use
     */
    static <S> ExecutionPlan<S> plan(Program program, Emitter<S> emitter, int scratch) {
        return new Planner<>(emitter).plan(program, scratch);
    }

    private ExecutionPlan<S> plan(Program program, int scratch) {
        Map<Value, BufferSlice> slices = new HashMap<>();
        Map<Value, Integer> levels = new HashMap<>();
        int tasks = arena(1).allocate(Math.max(1, program.taskInputs().size()));
        BufferSlice taskInputs = new BufferSlice(ExecutionPlan.LEVELS + 1, tasks);
        for (Program.Input input : program.inputs()) {
            boolean shared = input.scope() == Program.Scope.BROADCAST;
            BufferSlice slice = shared
                    ? new BufferSlice(
                            ExecutionPlan.INPUTS, program.broadcastInputs().offset(input.name()))
                    : taskInputs.plus(program.taskInputs().offset(input.name()));
            slices.put(input.value(), slice);
            levels.put(input.value(), shared ? 0 : 1);
        }
        ProgramPlanner<S> programPlanner =
                new ProgramPlanner<>(this, program, new FusionAnalysis(program, levels), 1, slices);
        programPlanner.emit();
        List<LoopInstruction.Move> each = new ArrayList<>();
        for (Program.Output output : program.outputs()) {
            if (output.reduction() == Program.Reduction.PER_TASK) {
                int at = program.perTask().offset(output.name());
                each.add(new LoopInstruction.Move(
                        programPlanner.place(output.value()),
                        new BufferSlice(0, at),
                        output.shape().size()));
            }
        }
        int[] sizes = new int[ExecutionPlan.LEVELS + arenas.size()];
        sizes[ExecutionPlan.ZEROS] = zeros;
        sizes[ExecutionPlan.SCRATCH] = scratch;
        for (int level = 0; level < arenas.size(); level++) {
            sizes[ExecutionPlan.LEVELS + level] = arenas.get(level).size();
        }
        return new ExecutionPlan<>(list(0), list(1), taskInputs, each, sizes);
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

    /** Begins an empty step list for a level; returns the one that was there, to be put back. */
    List<S> replaceList(int level, List<S> list) {
        arena(level);
        return lists.set(level, list);
    }

    /** At least n zeros. */
    BufferSlice zeros(int n) {
        zeros = Math.max(zeros, n);
        return new BufferSlice(ExecutionPlan.ZEROS, 0);
    }

    /** The tables of a key, made when it is first asked for. */
    WindowIndexTable taps(Object key, Supplier<WindowIndexTable> maker) {
        return taps.computeIfAbsent(key, any -> maker.get());
    }

    /** Offsets of so many rows that all start from the same place. */
    int[] noStarts(int rows) {
        return noStarts.computeIfAbsent(rows, int[]::new);
    }
}
