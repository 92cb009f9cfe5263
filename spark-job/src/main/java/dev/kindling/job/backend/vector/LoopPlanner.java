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
 * Plans one loop: its step program is one level deeper. Invariants are read in place, so that values that depend on them
 * only are computed once, outside the loop.
 *
 * @param <S> the type of a step
 */
final class LoopPlanner<S> {
    private final Planner<S> planner;
    private final ProgramPlanner<S> outer;
    private final Value loopValue;
    private final Attributes.Loop attributes;
    private final Program step;
    private final int outside;
    private final int inside;
    private final Map<Value, BufferSlice> slices = new HashMap<>();
    private final Map<Value, Integer> levels = new HashMap<>();

    LoopPlanner(Planner<S> planner, ProgramPlanner<S> outer, Value loopValue) {
        this.planner = planner;
        this.outer = outer;
        this.loopValue = loopValue;
        this.attributes = loopValue.loop();
        this.step = attributes.step();
        this.outside = outer.fusion().level(loopValue);
        this.inside = outside + 1;
    }

    void emit() {
        allocateInputs();
        List<S> body = new ArrayList<>();
        List<S> before = planner.replaceList(inside, body);
        ProgramPlanner<S> programPlanner =
                new ProgramPlanner<>(planner, step, new FusionAnalysis(step, levels), inside, slices);
        programPlanner.emit();
        List<LoopInstruction.Copy> nextCarries = nextCarries(programPlanner, body);
        planner.replaceList(inside, before);
        planner.list(outside).add(planner.emitter().loop(loop(programPlanner, body, nextCarries)));
    }

    private void allocateInputs() {
        for (int i = 0; i < step.inputs().size(); i++) {
            Value input = step.inputs().get(i).value();
            boolean invariant = i >= attributes.carries() + attributes.perStep();
            Value arg = loopValue.arg(i + 1);
            slices.put(
                    input, invariant ? outer.slice(arg) : allocate(input.shape().size()));
            levels.put(input, invariant ? outer.fusion().level(arg) : inside);
        }
    }

    private BufferSlice allocate(int size) {
        return new BufferSlice(
                ExecutionPlan.LEVELS + inside, planner.arena(inside).allocate(size));
    }

    /** Copies from outputs to carries. An output that is an alias of an input is copied first: it may be overwritten. */
    private List<LoopInstruction.Copy> nextCarries(ProgramPlanner<S> programPlanner, List<S> body) {
        List<LoopInstruction.Copy> copies = new ArrayList<>();
        for (int i = 0; i < attributes.carries(); i++) {
            Value output = step.outputs().get(i).value();
            int size = output.shape().size();
            BufferSlice from = programPlanner.slice(output);
            BufferSlice to = bodyInput(i);
            if (from.equals(to)) {
                continue;
            }
            if (isInput(output)) {
                BufferSlice temporary = allocate(size);
                int[] extent = {size};
                int[] stride = {1};
                body.add(planner.emitter().copy(temporary, extent, stride, from, stride));
                from = temporary;
            }
            copies.add(new LoopInstruction.Copy(from, to, size));
        }
        return copies;
    }

    private boolean isInput(Value output) {
        Value root = FusionAnalysis.Alias.of(output).root();
        return step.inputs().stream().anyMatch(input -> input.value() == root);
    }

    private BufferSlice bodyInput(int index) {
        return Objects.requireNonNull(slices.get(step.inputs().get(index).value()));
    }

    private LoopInstruction<S> loop(
            ProgramPlanner<S> programPlanner, List<S> body, List<LoopInstruction.Copy> nextCarries) {
        List<LoopInstruction.Copy> initialCarries = new ArrayList<>();
        List<LoopInstruction.Copy> perStep = new ArrayList<>();
        for (int i = 0; i < attributes.carries() + attributes.perStep(); i++) {
            Value input = step.inputs().get(i).value();
            LoopInstruction.Copy copy = new LoopInstruction.Copy(
                    outer.slice(loopValue.arg(i + 1)),
                    bodyInput(i),
                    input.shape().size());
            (i < attributes.carries() ? initialCarries : perStep).add(copy);
        }
        List<LoopInstruction.Copy> finalCarries = new ArrayList<>();
        List<LoopInstruction.Copy> stacked = new ArrayList<>();
        for (int i = 0; i < attributes.carries() + attributes.stacked(); i++) {
            BufferSlice to = outer.result(loopValue, i);
            Value output = step.outputs().get(i).value();
            int size = output.shape().size();
            if (to != null && i < attributes.carries()) {
                finalCarries.add(new LoopInstruction.Copy(bodyInput(i), to, size));
            } else if (to != null) {
                stacked.add(new LoopInstruction.Copy(programPlanner.slice(output), to, size));
            }
        }
        return new LoopInstruction<>(
                outer.slice(loopValue.arg(0)),
                attributes.capacity(),
                attributes.backwards(),
                body,
                initialCarries,
                perStep,
                nextCarries,
                stacked,
                stop(programPlanner),
                finalCarries,
                outer.result(loopValue, attributes.countResult()));
    }

    private @Nullable BufferSlice stop(ProgramPlanner<S> programPlanner) {
        int last = step.outputs().size() - 1;
        return attributes.stops()
                ? programPlanner.slice(step.outputs().get(last).value())
                : null;
    }
}
