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
final class Rounds<S> {
    private final Planner<S> planner;
    private final Scope<S> outer;
    private final Value repeat;
    private final Attributes.Repeat attributes;
    private final Program step;
    private final int outside;
    private final int inside;
    private final Map<Value, Place> places = new HashMap<>();
    private final Map<Value, Integer> levels = new HashMap<>();

    Rounds(Planner<S> planner, Scope<S> outer, Value repeat) {
        this.planner = planner;
        this.outer = outer;
        this.repeat = repeat;
        this.attributes = repeat.repeat();
        this.step = attributes.step();
        this.outside = outer.lowering().level(repeat);
        this.inside = outside + 1;
    }

    void emit() {
        placeInputs();
        List<S> body = new ArrayList<>();
        List<S> before = planner.replaceList(inside, body);
        Scope<S> scope = new Scope<>(planner, step, new Lowering(step, levels), inside, places);
        scope.emit();
        List<Loop.Move> nexts = nexts(scope, body);
        planner.replaceList(inside, before);
        planner.list(outside).add(planner.emitter().repeat(loop(scope, body, nexts)));
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

    private Place fresh(int size) {
        return new Place(Plan.LEVELS + inside, planner.arena(inside).allocate(size));
    }

    /** From outputs to carries. An output that stands where a carry does is set aside first: it may be overwritten. */
    private List<Loop.Move> nexts(Scope<S> scope, List<S> body) {
        List<Loop.Move> nexts = new ArrayList<>();
        for (int i = 0; i < attributes.carries(); i++) {
            Value output = step.outputs().get(i).value();
            int size = output.shape().size();
            Place from = scope.place(output);
            Place to = carry(i);
            if (from.equals(to)) {
                continue;
            }
            if (isInput(output)) {
                Place aside = fresh(size);
                int[] extent = {size};
                int[] stride = {1};
                body.add(planner.emitter().copy(aside, extent, stride, from, stride));
                from = aside;
            }
            nexts.add(new Loop.Move(from, to, size));
        }
        return nexts;
    }

    private boolean isInput(Value output) {
        Value root = Lowering.Alias.of(output).root();
        return step.inputs().stream().anyMatch(input -> input.value() == root);
    }

    private Place carry(int index) {
        return Objects.requireNonNull(places.get(step.inputs().get(index).value()));
    }

    private Loop<S> loop(Scope<S> scope, List<S> body, List<Loop.Move> nexts) {
        List<Loop.Move> firsts = new ArrayList<>();
        List<Loop.Move> slices = new ArrayList<>();
        for (int i = 0; i < attributes.carries() + attributes.perStep(); i++) {
            Value input = step.inputs().get(i).value();
            Loop.Move move = new Loop.Move(
                    outer.place(repeat.arg(i + 1)), carry(i), input.shape().size());
            (i < attributes.carries() ? firsts : slices).add(move);
        }
        List<Loop.Move> finals = new ArrayList<>();
        List<Loop.Move> stacked = new ArrayList<>();
        for (int i = 0; i < attributes.carries() + attributes.stacked(); i++) {
            Place to = outer.result(repeat, i);
            Value output = step.outputs().get(i).value();
            int size = output.shape().size();
            if (to != null && i < attributes.carries()) {
                finals.add(new Loop.Move(carry(i), to, size));
            } else if (to != null) {
                stacked.add(new Loop.Move(scope.place(output), to, size));
            }
        }
        return new Loop<>(
                outer.place(repeat.arg(0)),
                attributes.capacity(),
                attributes.backwards(),
                body,
                firsts,
                slices,
                nexts,
                stacked,
                stop(scope),
                finals,
                outer.result(repeat, attributes.countResult()));
    }

    private @Nullable Place stop(Scope<S> scope) {
        int last = step.outputs().size() - 1;
        return attributes.stops() ? scope.place(step.outputs().get(last).value()) : null;
    }
}
