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
 * A loop's step program and its derivative in one builder, which shows the values that the derivative reads of the step. It
 * is then split: the forward part becomes the step of {@link #withResiduals}, the rest the step of {@link ReverseLoop}.
 */
final class LoopBodyVjp {
    /** Ops that are cheaper to recompute in the reverse step than to store: the residual is their argument. */
    private static final Set<Op> RECOMPUTED = EnumSet.of(
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
    private final BitSet seeded;
    private final ProgramBuilder sb = new ProgramBuilder();
    private final List<Value> inputs = new ArrayList<>();
    /** Cotangents of the step's outputs, by index of the output. */
    private final Map<Integer, Value> incoming = new HashMap<>();
    /** Cotangents of the step's inputs, null where there is none. */
    private final List<@Nullable Value> outgoing = new ArrayList<>();

    /** The outgoing cotangents and all values that they are computed from. */
    private final List<Value> needed;

    /**
     * Differentiates a step.
     *
     * @param active indices of the step's inputs to differentiate with respect to
     * @param seeded indices of the step's outputs that have a cotangent
     */
    LoopBodyVjp(Attributes.Loop attributes, BitSet active, BitSet seeded) {
        this.attributes = attributes;
        this.step = attributes.step();
        this.seeded = seeded;
        step.inputs().forEach(input -> inputs.add(sb.input(input.name(), input.shape(), Program.Scope.LOOP)));
        differentiate(active);
        this.needed =
                TopologicalOrder.of(outgoing.stream().filter(Objects::nonNull).toList());
    }

    private void differentiate(BitSet active) {
        List<Value> outputs = sb.inline(step, inputs);
        List<Value> seededOutputs = new ArrayList<>();
        List<Value> cotangents = new ArrayList<>();
        for (int i : seeded.stream().toArray()) {
            Value cotangent = declare(sb, "cotangent " + i, outputs.get(i).shape());
            incoming.put(i, cotangent);
            seededOutputs.add(outputs.get(i));
            cotangents.add(cotangent);
        }
        List<Value> wrt = active.stream().mapToObj(inputs::get).toList();
        List<@Nullable Value> found = ReverseMode.vjp(sb, seededOutputs, cotangents, wrt);
        outgoing.addAll(Collections.nCopies(inputs.size(), null));
        int next = 0;
        for (int i : active.stream().toArray()) {
            outgoing.set(i, found.get(next++));
        }
    }

    /** A new input of a step; primes are appended to its name until it differs from those of earlier derivatives. */
    static Value declare(ProgramBuilder step, String baseName, Shape shape) {
        Set<String> taken = new HashSet<>();
        step.inputs().forEach(input -> taken.add(input.name()));
        String name = baseName;
        while (taken.contains(name)) {
            name += "'";
        }
        return step.input(name, shape, Program.Scope.LOOP);
    }

    /** The step's outputs that have a cotangent. */
    BitSet seeded() {
        return seeded;
    }

    /** The outputs that have a cotangent in the preceding step: these, and the carries whose inputs get one here. */
    BitSet seededBefore() {
        BitSet before = (BitSet) seeded.clone();
        for (int i = 0; i < attributes.carries(); i++) {
            if (outgoing.get(i) != null) {
                before.set(i);
            }
        }
        return before;
    }

    /** The value of an input of the step in this builder. */
    Value input(int index) {
        return inputs.get(index);
    }

    /** The input that holds the cotangent of an output of the step. */
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
     * The values of the forward step that the derivative reads: the frontier between values that depend on an incoming
     * cotangent and values that do not. Per-step inputs and values computed from invariants only are no residuals, because
     * the reverse step has them too.
     */
    List<Value> residuals() {
        Set<Value> reverse = computedFrom(incoming.values());
        Set<Value> varying = computedFrom(inputs.subList(0, attributes.carries() + attributes.perStep()));
        Set<Value> available = new HashSet<>(inputs.subList(attributes.carries(), inputs.size()));
        Set<Value> residuals = new LinkedHashSet<>();
        Set<Value> seen = new HashSet<>();
        List<Value> open = new ArrayList<>();
        outgoing.stream().filter(Objects::nonNull).forEach(open::add);
        while (!open.isEmpty()) {
            Value value = open.remove(open.size() - 1);
            boolean invariant = !varying.contains(value) && !reverse.contains(value);
            if (!seen.add(value) || invariant || available.contains(value)) {
                continue;
            }
            if (reverse.contains(value) || RECOMPUTED.contains(value.op())) {
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

    /** The seeds, and the needed values computed from any of them. */
    private Set<Value> computedFrom(Collection<Value> seeds) {
        Set<Value> found = new HashSet<>(seeds);
        for (Value value : needed) {
            if (value.args().stream().anyMatch(found::contains)) {
                found.add(value);
            }
        }
        return found;
    }

    /** The loop that also stacks the residuals, after its other stacked outputs. */
    Attributes.Loop withResiduals(List<Value> residuals) {
        ProgramBuilder fb = new ProgramBuilder();
        Map<Value, Value> images = new HashMap<>();
        List<Value> forwardInputs = new ArrayList<>();
        for (int i = 0; i < inputs.size(); i++) {
            Program.Input input = step.inputs().get(i);
            forwardInputs.add(fb.input(input.name(), input.shape(), Program.Scope.LOOP));
            images.put(inputs.get(i), forwardInputs.get(i));
        }
        List<Value> same = fb.inline(step, forwardInputs);
        List<Value> stored = fb.inline(TopologicalOrder.of(residuals), images, residuals);
        List<Program.Output> outputs = new ArrayList<>();
        for (int i = 0; i < same.size(); i++) {
            outputs.add(new Program.Output(step.outputs().get(i).name(), Program.Reduction.LOOP, same.get(i)));
        }
        // The stop predicate, if there is one, remains last.
        int at = attributes.countResult();
        for (Value residual : stored) {
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
