package dev.kindling.job.autodiff;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.TopologicalOrder;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A repeat's step and the derivative of it, written into one builder to see what the derivative reads of the step. It is
 * then taken apart: the forward part becomes {@link #keeping} the residuals, the rest the step of {@link ReverseLoop}.
 */
final class LoopBodyVjp {
    /** Ops cheaper to do again in the reverse step than to keep the result of: the residual is their argument. */
    private static final Set<Op> REDONE = EnumSet.of(
            Op.CONSTANT,
            Op.IOTA,
            Op.BROADCAST,
            Op.RESHAPE,
            Op.TRANSPOSE,
            Op.GREATER,
            Op.EQUAL,
            Op.ONE_HOT,
            Op.STOP_GRADIENT,
            Op.BARRIER);

    private final Attributes.Loop attributes;
    private final Program step;
    private final BitSet pulled;
    private final ProgramBuilder sb = new ProgramBuilder();
    private final List<Value> inputs = new ArrayList<>();
    /** Cotangents that flow into the step, by output of the step. */
    private final Map<Integer, Value> incoming = new HashMap<>();
    /** Cotangents of the step's inputs, null where there is none. */
    private final List<@Nullable Value> outgoing = new ArrayList<>();

    private final List<Value> needed;

    /**
     * Differentiates a step.
     *
     * @param active indices of the step's inputs that are differentiated by
     * @param pulled indices of the step's outputs that have a cotangent
     */
    LoopBodyVjp(Attributes.Loop attributes, BitSet active, BitSet pulled) {
        this.attributes = attributes;
        this.step = attributes.step();
        this.pulled = pulled;
        step.inputs().forEach(input -> inputs.add(sb.input(input.name(), input.shape(), Program.Scope.LOOP)));
        pull(active);
        this.needed =
                TopologicalOrder.of(outgoing.stream().filter(Objects::nonNull).toList());
    }

    private void pull(BitSet active) {
        List<Value> outputs = sb.inline(step, inputs);
        List<Value> pulledOutputs = new ArrayList<>();
        List<Value> cotangents = new ArrayList<>();
        for (int i : pulled.stream().toArray()) {
            Value cotangent = declare(sb, "cotangent " + i, outputs.get(i).shape());
            incoming.put(i, cotangent);
            pulledOutputs.add(outputs.get(i));
            cotangents.add(cotangent);
        }
        List<Value> wrt = active.stream().mapToObj(inputs::get).toList();
        List<@Nullable Value> found = ReverseMode.vjp(sb, pulledOutputs, cotangents, wrt);
        outgoing.addAll(Collections.nCopies(inputs.size(), null));
        int next = 0;
        for (int i : active.stream().toArray()) {
            outgoing.set(i, found.get(next++));
        }
    }

    /** A new input of a step; primes keep its name apart from those that an earlier derivative gave. */
    static Value declare(ProgramBuilder step, String wanted, Shape shape) {
        Set<String> taken = new HashSet<>();
        step.inputs().forEach(input -> taken.add(input.name()));
        String name = wanted;
        while (taken.contains(name)) {
            name += "'";
        }
        return step.input(name, shape, Program.Scope.LOOP);
    }

    /** The step's outputs that have a cotangent here. */
    BitSet pulled() {
        return pulled;
    }

    /** The step's outputs that have one in the step before: these, and the carries that get one from here. */
    BitSet pulledBefore() {
        BitSet before = (BitSet) pulled.clone();
        for (int i = 0; i < attributes.carries(); i++) {
            if (outgoing.get(i) != null) {
                before.set(i);
            }
        }
        return before;
    }

    /** The value that stands for an input of the step. */
    Value input(int index) {
        return inputs.get(index);
    }

    /** The input that stands for the cotangent of a pulled output of the step. */
    Value incoming(int output) {
        return Objects.requireNonNull(incoming.get(output));
    }

    /** The cotangent of an input of the step, null if it gets none. */
    @Nullable
    Value outgoing(int input) {
        return outgoing.get(input);
    }

    /** Whether the outgoing cotangents are computed from an input of the step, through residuals or not. */
    boolean needs(int input) {
        return needed.contains(inputs.get(input));
    }

    /**
     * What the derivative reads of the forward step: of all values computed without an incoming cotangent, those next to
     * one that is not. Per-step inputs are at hand in the reverse step too, and so is what invariants alone give.
     */
    List<Value> residuals() {
        Set<Value> reverse = computedFrom(incoming.values());
        Set<Value> varying = computedFrom(inputs.subList(0, attributes.carries() + attributes.perStep()));
        Set<Value> atHand = new HashSet<>(inputs.subList(attributes.carries(), inputs.size()));
        Set<Value> residuals = new LinkedHashSet<>();
        Set<Value> seen = new HashSet<>();
        List<Value> open = new ArrayList<>();
        outgoing.stream().filter(Objects::nonNull).forEach(open::add);
        while (!open.isEmpty()) {
            Value value = open.remove(open.size() - 1);
            boolean ofInvariantsAlone = !varying.contains(value) && !reverse.contains(value);
            if (!seen.add(value) || ofInvariantsAlone || atHand.contains(value)) {
                continue;
            }
            if (reverse.contains(value) || REDONE.contains(value.op())) {
                open.addAll(value.args());
            } else {
                residuals.add(value);
            }
        }
        return inOrder(residuals);
    }

    private List<Value> inOrder(Set<Value> values) {
        return needed.stream().filter(values::contains).toList();
    }

    /** The seeds, and what is needed and computed from any of them. */
    private Set<Value> computedFrom(Collection<Value> seeds) {
        Set<Value> found = new HashSet<>(seeds);
        for (Value value : needed) {
            if (value.args().stream().anyMatch(found::contains)) {
                found.add(value);
            }
        }
        return found;
    }

    /** The repeat whose step is the same but for the residuals, which are stacked behind what was stacked before. */
    Attributes.Loop keeping(List<Value> residuals) {
        ProgramBuilder fb = new ProgramBuilder();
        Map<Value, Value> images = new HashMap<>();
        List<Value> own = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            Program.Input input = step.inputs().get(i);
            own.add(fb.input(input.name(), input.shape(), Program.Scope.LOOP));
            images.put(inputs.get(i), own.get(i));
        }
        List<Value> same = fb.inline(step, own);
        List<Value> kept = fb.inline(TopologicalOrder.of(residuals), images, residuals);
        List<Program.Output> outputs = new ArrayList<>();
        for (int i = 0; i < same.size(); i++) {
            outputs.add(new Program.Output(step.outputs().get(i).name(), Program.Reduction.LOOP, same.get(i)));
        }
        // Before the stop predicate, if there is one.
        int at = attributes.countResult();
        for (Value residual : kept) {
            outputs.add(at, new Program.Output("residual " + at, Program.Reduction.LOOP, residual));
            at++;
        }
        return new Attributes.Loop(
                fb.build(step.name(), outputs),
                attributes.capacity(),
                attributes.backwards(),
                attributes.carries(),
                attributes.perStep(),
                attributes.stacked() + residuals.size(),
                attributes.stops());
    }
}
