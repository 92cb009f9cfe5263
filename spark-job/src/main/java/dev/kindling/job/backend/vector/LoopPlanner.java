package dev.kindling.job.backend.vector;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The planning of one repeat: its step program is a scope one level deeper; invariants are read where they stand outside,
 * so that what depends on them alone is computed outside, once.
 *
 * @param <S> a step
 */
final class LoopPlanner<S> {
    private final Planner<S> planner;
    private final ProgramPlanner<S> outer;
    private final Value repeat;
    private final Attributes.Loop attributes;
    private final Program step;
    private final int outside;
    private final int inside;
    private final Map<Value, BufferSlice> places = new HashMap<>();
    private final Map<Value, Integer> levels = new HashMap<>();

    LoopPlanner(Planner<S> planner, ProgramPlanner<S> outer, Value repeat) {
        this.planner = planner;
        this.outer = outer;
        this.repeat = repeat;
        this.attributes = repeat.loop();
        this.step = attributes.step();
        this.outside = outer.lowering().level(repeat);
        this.inside = outside + 1;
    }

    void emit() {
        placeInputs();
        List<S> body = new ArrayList<>();
        List<S> before = planner.replaceList(inside, body);
        ProgramPlanner<S> programPlanner =
                new ProgramPlanner<>(planner, step, new FusionAnalysis(step, levels), inside, places);
        programPlanner.emit();
        List<LoopInstruction.Move> nexts = nexts(programPlanner, body);
        planner.replaceList(inside, before);
        planner.list(outside).add(planner.emitter().loop(loop(programPlanner, body, nexts)));
    }

    private void placeInputs() {
        for (int i = 0; i < step.inputs().size(); i++) {
            Value input = step.inputs().get(i).value();
            boolean invariant = i >= attributes.carries() + attributes.perStep();
            Value arg = repeat.arg(i + 1);
            places.put(input, invariant ? outer.place(arg) : fresh(input.shape().size()));
            levels.put(input, invariant ? outer.lowering().level(arg) : inside);
        }
    }

    private BufferSlice fresh(int size) {
        return new BufferSlice(
                ExecutionPlan.LEVELS + inside, planner.arena(inside).allocate(size));
    }

    /** From outputs to carries. An output that stands where a carry does is set aside first: it may be overwritten. */
    private List<LoopInstruction.Move> nexts(ProgramPlanner<S> programPlanner, List<S> body) {
        List<LoopInstruction.Move> nexts = new ArrayList<>();
        for (int i = 0; i < attributes.carries(); i++) {
            Value output = step.outputs().get(i).value();
            int size = output.shape().size();
            BufferSlice from = programPlanner.place(output);
            BufferSlice to = carry(i);
            if (from.equals(to)) {
                continue;
            }
            if (isInput(output)) {
                BufferSlice aside = fresh(size);
                int[] extent = {size};
                int[] stride = {1};
                body.add(planner.emitter().copy(aside, extent, stride, from, stride));
                from = aside;
            }
            nexts.add(new LoopInstruction.Move(from, to, size));
        }
        return nexts;
    }

    private boolean isInput(Value output) {
        Value root = FusionAnalysis.Alias.of(output).root();
        return step.inputs().stream().anyMatch(input -> input.value() == root);
    }

    private BufferSlice carry(int index) {
        return Objects.requireNonNull(places.get(step.inputs().get(index).value()));
    }

    private LoopInstruction<S> loop(ProgramPlanner<S> programPlanner, List<S> body, List<LoopInstruction.Move> nexts) {
        List<LoopInstruction.Move> firsts = new ArrayList<>();
        List<LoopInstruction.Move> slices = new ArrayList<>();
        for (int i = 0; i < attributes.carries() + attributes.perStep(); i++) {
            Value input = step.inputs().get(i).value();
            LoopInstruction.Move move = new LoopInstruction.Move(
                    outer.place(repeat.arg(i + 1)), carry(i), input.shape().size());
            (i < attributes.carries() ? firsts : slices).add(move);
        }
        List<LoopInstruction.Move> finals = new ArrayList<>();
        List<LoopInstruction.Move> stacked = new ArrayList<>();
        for (int i = 0; i < attributes.carries() + attributes.stacked(); i++) {
            BufferSlice to = outer.result(repeat, i);
            Value output = step.outputs().get(i).value();
            int size = output.shape().size();
            if (to != null && i < attributes.carries()) {
                finals.add(new LoopInstruction.Move(carry(i), to, size));
            } else if (to != null) {
                stacked.add(new LoopInstruction.Move(programPlanner.place(output), to, size));
            }
        }
        return new LoopInstruction<>(
                outer.place(repeat.arg(0)),
                attributes.capacity(),
                attributes.backwards(),
                body,
                firsts,
                slices,
                nexts,
                stacked,
                stop(programPlanner),
                finals,
                outer.result(repeat, attributes.countResult()));
    }

    private @Nullable BufferSlice stop(ProgramPlanner<S> programPlanner) {
        int last = step.outputs().size() - 1;
        return attributes.stops()
                ? programPlanner.place(step.outputs().get(last).value())
                : null;
    }
}
