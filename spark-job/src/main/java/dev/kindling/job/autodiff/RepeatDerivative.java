package dev.kindling.job.autodiff;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Builder;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The derivative of a repeat is a repeat that runs the other way. Its step is the derivative of the step; what that reads
 * of the forward step (the <em>residuals</em>) becomes per-step outputs of a forward repeat that computes the same as
 * the original and is merged with it later ({@code program.rewrite.Repeats}). Its carries are the cotangents of the
 * carries, and the sums so far of the cotangents of the invariants.
 */
final class RepeatDerivative {
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
            Op.STOP_GRADIENT);

    private final Builder b;
    private final Value repeat;
    private final Attributes.Repeat attributes;
    private final Program step;
    private final List<@Nullable Value> results;
    private final BitSet activeInputs;

    private RepeatDerivative(Builder b, Value repeat, List<@Nullable Value> results, Set<Value> active) {
        this.b = b;
        this.repeat = repeat;
        this.attributes = repeat.repeat();
        this.step = attributes.step();
        this.results = results;
        this.activeInputs = activeInputs(active);
    }

    /** The cotangents of a repeat's arguments from those of its results. */
    static List<@Nullable Value> cotangents(Builder b, Value repeat, List<@Nullable Value> results, Set<Value> active) {
        return new RepeatDerivative(b, repeat, results, active).build();
    }

    /** The step's inputs on which the seeds act: what is active outside, and carries that become so on the way. */
    private BitSet activeInputs(Set<Value> active) {
        BitSet found = new BitSet();
        for (int i = 0; i < step.inputs().size(); i++) {
            found.set(i, active.contains(repeat.arg(i + 1)));
        }
        for (int before = -1; before != found.cardinality(); ) {
            before = found.cardinality();
            Set<Value> dependent = Reverse.dependents(step.values(), inputs(found));
            for (int i = 0; i < attributes.carries(); i++) {
                if (dependent.contains(step.outputs().get(i).value())) {
                    found.set(i);
                }
            }
        }
        return found;
    }

    /** A new input of a step; primes keep its name apart from those that an earlier derivative gave. */
    private static Value declare(Builder step, String wanted, Shape shape) {
        Set<String> taken = new HashSet<>();
        step.inputs().forEach(input -> taken.add(input.name()));
        String name = wanted;
        while (taken.contains(name)) {
            name += "'";
        }
        return step.input(name, shape, Program.Kind.STEP);
    }

    private List<Value> inputs(BitSet which) {
        return which.stream().mapToObj(i -> step.inputs().get(i).value()).toList();
    }

    private List<@Nullable Value> build() {
        // Which carries have a cotangent: those of the results, and those that get one on the way back.
        BitSet pulled = new BitSet();
        for (int i = 0; i < attributes.carries(); i++) {
            pulled.set(i, results.get(i) != null && activeInputs.get(i));
        }
        Joint joint = new Joint(pulled);
        while (joint.pullsMore()) {
            joint = new Joint(joint.pulledCarries());
        }
        return joint.cotangents();
    }

    /** Forward step and its derivative in one builder, then taken apart. */
    private final class Joint {
        private final BitSet pulled;
        private final Builder sb = new Builder();
        private final List<Value> forward = new ArrayList<>();
        /** Cotangents that flow into the step, by output of the step. */
        private final Map<Integer, Value> incoming = new HashMap<>();
        /** Cotangents of the step's inputs, null where there is none. */
        private final List<@Nullable Value> outgoing = new ArrayList<>();

        Joint(BitSet pulled) {
            this.pulled = pulled;
            step.inputs().forEach(input -> forward.add(sb.input(input.name(), input.shape(), Program.Kind.STEP)));
            List<Value> outputs = sb.inline(step, forward);
            List<Value> pulledOutputs = new ArrayList<>();
            List<Value> cotangents = new ArrayList<>();
            for (int i = 0; i < attributes.carries() + attributes.stacked(); i++) {
                boolean has = i < attributes.carries() ? pulled.get(i) : results.get(i) != null;
                if (has) {
                    Value cotangent =
                            declare(sb, "cotangent " + i, outputs.get(i).shape());
                    incoming.put(i, cotangent);
                    pulledOutputs.add(outputs.get(i));
                    cotangents.add(cotangent);
                }
            }
            List<Value> wrt = activeInputs.stream().mapToObj(forward::get).toList();
            List<@Nullable Value> found = Reverse.pull(sb, pulledOutputs, cotangents, wrt);
            outgoing.addAll(Collections.nCopies(forward.size(), null));
            int next = 0;
            for (int i : activeInputs.stream().toArray()) {
                outgoing.set(i, found.get(next++));
            }
        }

        BitSet pulledCarries() {
            BitSet carries = (BitSet) pulled.clone();
            for (int i = 0; i < attributes.carries(); i++) {
                if (outgoing.get(i) != null) {
                    carries.set(i);
                }
            }
            return carries;
        }

        boolean pullsMore() {
            return !pulledCarries().equals(pulled);
        }

        List<@Nullable Value> cotangents() {
            List<Value> residuals = residuals();
            List<Value> augmented = augmented(residuals);
            return new Backward(this, residuals, augmented).cotangents();
        }

        /** Every value below the outgoing cotangents that is computed from forward inputs alone, seen from above. */
        private List<Value> residuals() {
            Set<Value> reverse = tainted(incoming.values());
            Set<Value> ofInvariants = ofInvariantsAlone();
            Set<Value> residuals = new LinkedHashSet<>();
            List<Value> open = new ArrayList<>();
            outgoing.stream().filter(value -> value != null).forEach(open::add);
            Set<Value> seen = new HashSet<>();
            while (!open.isEmpty()) {
                Value value = open.remove(open.size() - 1);
                if (!seen.add(value) || ofInvariants.contains(value) || perStepInput(value)) {
                    continue;
                }
                if (reverse.contains(value) || REDONE.contains(value.op())) {
                    open.addAll(value.args());
                } else {
                    residuals.add(value);
                }
            }
            return residuals.stream()
                    .sorted(java.util.Comparator.comparingInt(Value::id))
                    .toList();
        }

        private boolean perStepInput(Value value) {
            int index = forward.indexOf(value);
            return index >= attributes.carries() && index < attributes.carries() + attributes.perStep();
        }

        private Set<Value> tainted(java.util.Collection<Value> seeds) {
            Set<Value> found = new HashSet<>(seeds);
            everything().stream()
                    .filter(value -> value.args().stream().anyMatch(found::contains))
                    .forEach(found::add);
            return found;
        }

        private Set<Value> ofInvariantsAlone() {
            Set<Value> varying = tainted(forward.subList(0, attributes.carries() + attributes.perStep()));
            Set<Value> alone = new HashSet<>(everything());
            alone.removeAll(varying);
            alone.removeAll(tainted(incoming.values()));
            return alone;
        }

        /** What the outgoing cotangents need, arguments before results. */
        private List<Value> everything() {
            Set<Value> seen = new HashSet<>();
            List<Value> open = new ArrayList<>();
            outgoing.stream().filter(value -> value != null).forEach(open::add);
            while (!open.isEmpty()) {
                Value value = open.remove(open.size() - 1);
                if (seen.add(value)) {
                    open.addAll(value.args());
                }
            }
            return seen.stream()
                    .sorted(java.util.Comparator.comparingInt(Value::id))
                    .toList();
        }

        /** The results of a forward repeat that also stacks the residuals: all of its results, in order. */
        private List<Value> augmented(List<Value> residuals) {
            Builder fb = new Builder();
            Map<Value, Value> images = new HashMap<>();
            List<Value> inputs = new ArrayList<>();
            for (int i = 0; i < forward.size(); i++) {
                Program.Input input = step.inputs().get(i);
                Value image = fb.input(input.name(), input.shape(), Program.Kind.STEP);
                inputs.add(image);
                images.put(forward.get(i), image);
            }
            List<Value> same = fb.inline(step, inputs);
            List<Program.Output> outputs = new ArrayList<>();
            int plain = attributes.carries() + attributes.stacked();
            for (int i = 0; i < plain; i++) {
                outputs.add(new Program.Output(step.outputs().get(i).name(), Program.Role.STEP, same.get(i)));
            }
            List<Value> kept = fb.inline(forwardOnly(residuals), images, residuals);
            for (int i = 0; i < kept.size(); i++) {
                outputs.add(new Program.Output("residual " + (plain + i), Program.Role.STEP, kept.get(i)));
            }
            if (attributes.stops()) {
                outputs.add(new Program.Output(step.outputs().get(plain).name(), Program.Role.STEP, same.get(plain)));
            }
            Attributes.Repeat more = new Attributes.Repeat(
                    fb.build(step.name(), outputs),
                    attributes.capacity(),
                    attributes.backwards(),
                    attributes.carries(),
                    attributes.perStep(),
                    attributes.stacked() + residuals.size(),
                    attributes.stops());
            return b.repeat(more, repeat.args());
        }

        private List<Value> forwardOnly(List<Value> residuals) {
            Set<Value> seen = new HashSet<>();
            List<Value> open = new ArrayList<>(residuals);
            while (!open.isEmpty()) {
                Value value = open.remove(open.size() - 1);
                if (seen.add(value)) {
                    open.addAll(value.args());
                }
            }
            return seen.stream()
                    .sorted(java.util.Comparator.comparingInt(Value::id))
                    .toList();
        }
    }

    /** The repeat that runs the other way. */
    private final class Backward {
        private final Joint joint;
        private final List<Value> residuals;
        private final List<Value> augmented;
        private final Builder rb = new Builder();
        private final Map<Value, Value> images = new HashMap<>();
        private final List<Value> firsts = new ArrayList<>();
        private final List<Value> stacks = new ArrayList<>();
        private final List<Value> invariants = new ArrayList<>();

        Backward(Joint joint, List<Value> residuals, List<Value> augmented) {
            this.joint = joint;
            this.residuals = residuals;
            this.augmented = augmented;
        }

        List<@Nullable Value> cotangents() {
            int[] carries = joint.pulled.stream().toArray();
            int[] sums = withCotangent(
                    attributes.carries() + attributes.perStep(), step.inputs().size());
            int[] perStep = withCotangent(attributes.carries(), attributes.carries() + attributes.perStep());
            List<Value> soFar = inputs(carries, sums);
            List<Program.Output> outputs = outputs(carries, sums, perStep, soFar);
            Attributes.Repeat backward = new Attributes.Repeat(
                    rb.build(step.name() + "'", outputs),
                    attributes.capacity(),
                    !attributes.backwards(),
                    carries.length + sums.length,
                    stacks.size(),
                    perStep.length,
                    false);
            List<Value> arguments = new ArrayList<>();
            arguments.add(augmented.get(augmented.size() - 1));
            arguments.addAll(firsts);
            arguments.addAll(stacks);
            arguments.addAll(invariants);
            return byArgument(b.repeat(backward, arguments), carries, sums, perStep);
        }

        /** The step's inputs from {@code begin} to {@code end} that get a cotangent. */
        private int[] withCotangent(int begin, int end) {
            return java.util.stream.IntStream.range(begin, end)
                    .filter(i -> joint.outgoing.get(i) != null)
                    .toArray();
        }

        /** Declares the reverse step's inputs; returns those that hold the sums of the invariants' cotangents. */
        private List<Value> inputs(int[] carries, int[] sums) {
            for (int i : carries) {
                Value cotangent = results.get(i);
                Shape shape = step.inputs().get(i).shape();
                firsts.add(cotangent == null ? b.full(shape, 0) : cotangent);
                take(joint.incoming.get(i));
            }
            List<Value> soFar = new ArrayList<>();
            for (int i : sums) {
                Shape shape = step.inputs().get(i).shape();
                firsts.add(b.full(shape, 0));
                soFar.add(declare(rb, "sum " + step.inputs().get(i).name(), shape));
            }
            for (int i = attributes.carries(); i < attributes.carries() + attributes.stacked(); i++) {
                Value cotangent = results.get(i);
                if (cotangent != null) {
                    stacks.add(cotangent);
                    take(joint.incoming.get(i));
                }
            }
            for (int i = 0; i < residuals.size(); i++) {
                int result = attributes.carries() + attributes.stacked() + i;
                stacks.add(augmented.get(result));
                images.put(
                        residuals.get(i),
                        declare(rb, "residual " + result, residuals.get(i).shape()));
            }
            Set<Value> needed = new HashSet<>(joint.everything());
            for (int i = attributes.carries(); i < step.inputs().size(); i++) {
                if (needed.contains(joint.forward.get(i))) {
                    (i < attributes.carries() + attributes.perStep() ? stacks : invariants).add(repeat.arg(i + 1));
                    take(joint.forward.get(i));
                }
            }
            return soFar;
        }

        /** Declares an input of the reverse step for an input of the joint step. */
        private void take(@Nullable Value input) {
            Value source = java.util.Objects.requireNonNull(input);
            String name = ((Attributes.Named) source.attributes()).name();
            images.put(source, declare(rb, name, source.shape()));
        }

        private List<Program.Output> outputs(int[] carries, int[] sums, int[] perStep, List<Value> soFar) {
            List<Program.Output> outputs = new ArrayList<>();
            for (int i : carries) {
                outputs.add(output("cotangent ", i, image(i)));
            }
            for (int i = 0; i < sums.length; i++) {
                outputs.add(output("sum ", sums[i], rb.add(soFar.get(i), image(sums[i]))));
            }
            for (int i : perStep) {
                outputs.add(output("per step ", i, image(i)));
            }
            return outputs;
        }

        private Program.Output output(String prefix, int input, Value value) {
            return new Program.Output(prefix + step.inputs().get(input).name(), Program.Role.STEP, value);
        }

        /** The cotangent of the step's input i in the reverse step; zeros if the step does not pass one on. */
        private Value image(int i) {
            Value outgoing = joint.outgoing.get(i);
            return outgoing == null ? rb.full(step.inputs().get(i).shape(), 0) : copy(outgoing);
        }

        private Value copy(Value value) {
            Value known = images.get(value);
            if (known != null) {
                return known;
            }
            value.args().forEach(this::copy);
            Value copied = rb.copy(value, images);
            images.put(value, copied);
            return copied;
        }

        private List<@Nullable Value> byArgument(List<Value> backward, int[] carries, int[] sums, int[] perStep) {
            List<@Nullable Value> found =
                    new ArrayList<>(Collections.nCopies(repeat.args().size(), null));
            int next = 0;
            for (int[] group : List.of(carries, sums, perStep)) {
                for (int i : group) {
                    found.set(i + 1, backward.get(next++));
                }
            }
            return found;
        }
    }
}
