package dev.kindling.job.program.passes;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Merges loops that compute the same carries from the same arguments into one with the stacked outputs of all. The
 * derivative of a loop adds a second forward loop that also stores the residuals, which makes the first one redundant.
 * Afterwards unread results are removed, with the carries and inputs that only they needed.
 */
final class LoopDeduplication {
    private LoopDeduplication() {}

    static Program deduplicate(Program program) {
        Map<Value, Group> groups = groups(program);
        return Passes.rebuild(program, (b, value, images) -> {
            if (value.op() == Op.LOOP) {
                return group(groups, value).image(b, images);
            }
            if (value.op() == Op.LOOP_RESULT) {
                return group(groups, value.arg(0)).result(value);
            }
            return b.copy(value, images);
        });
    }

    private static Group group(Map<Value, Group> groups, Value loopValue) {
        return java.util.Objects.requireNonNull(groups.get(loopValue));
    }

    /** What must be equal for two loops to be merged. */
    private record Key(List<Value> args, int capacity, boolean backwards, int carries, int perStep, boolean stops) {
        static Key of(Value loopValue) {
            Attributes.Loop r = loopValue.loop();
            return new Key(loopValue.args(), r.capacity(), r.backwards(), r.carries(), r.perStep(), r.stops());
        }
    }

    private static Map<Value, Group> groups(Program program) {
        Map<Key, List<Group>> byKey = new LinkedHashMap<>();
        Map<Value, Group> groups = new HashMap<>();
        for (Value value : program.values()) {
            if (value.op() != Op.LOOP) {
                continue;
            }
            List<Group> candidates = byKey.computeIfAbsent(Key.of(value), any -> new ArrayList<>());
            Group found = candidates.stream()
                    .filter(group -> group.addIfEqual(value))
                    .findFirst()
                    .orElse(null);
            if (found == null) {
                found = new Group(value);
                candidates.add(found);
            }
            groups.put(value, found);
        }
        for (Value value : program.values()) {
            if (value.op() == Op.LOOP_RESULT) {
                group(groups, value.arg(0)).markRead(value);
            }
        }
        return groups;
    }

    /** A set of loops that are merged into one. */
    private static final class Group {
        private final Value first;
        private final Attributes.Loop attributes;
        private final ProgramBuilder sb = new ProgramBuilder();
        private final List<Value> inputs = new ArrayList<>();
        /** Outputs of the merged step: the next carries, then every distinct stacked value. */
        private final List<Value> carries;

        private final List<Value> stacked = new ArrayList<>();
        private final @Nullable Value stop;
        /** For each member, the indices of its stacked outputs in {@link #stacked}. */
        private final Map<Value, List<Integer>> stackIndices = new HashMap<>();

        private final BitSet readCarries = new BitSet();
        private final BitSet readStacks = new BitSet();
        private List<Value> results = List.of();
        private int[] newCarry = {};
        private int[] newStack = {};

        Group(Value first) {
            this.first = first;
            this.attributes = first.loop();
            attributes
                    .step()
                    .inputs()
                    .forEach(input -> inputs.add(sb.input(input.name(), input.shape(), input.scope())));
            List<Value> outputs = outputs(first);
            this.carries = outputs.subList(0, attributes.carries());
            this.stop = attributes.stops() ? outputs.get(outputs.size() - 1) : null;
            addStacked(first, outputs);
        }

        private List<Value> outputs(Value loopValue) {
            return sb.inline(Passes.canonicalize(loopValue.loop().step()), inputs);
        }

        private void addStacked(Value loopValue, List<Value> outputs) {
            List<Integer> indices = new ArrayList<>();
            for (int i = 0; i < loopValue.loop().stacked(); i++) {
                Value output = outputs.get(attributes.carries() + i);
                if (!stacked.contains(output)) {
                    stacked.add(output);
                }
                indices.add(stacked.indexOf(output));
            }
            stackIndices.put(loopValue, indices);
        }

        /** Adds another loop if its next carries and stop predicate are equal to this group's; returns whether it did. */
        boolean addIfEqual(Value loopValue) {
            List<Value> outputs = outputs(loopValue);
            boolean same = outputs.subList(0, attributes.carries()).equals(carries)
                    && (stop == null || outputs.get(outputs.size() - 1) == stop);
            if (same) {
                addStacked(loopValue, outputs);
            }
            return same;
        }

        /** Records that a result of a member is read. */
        void markRead(Value result) {
            int index = result.count();
            Attributes.Loop of = result.arg(0).loop();
            if (index < attributes.carries()) {
                readCarries.set(index);
            } else if (index < of.countResult()) {
                readStacks.set(stack(result));
            }
        }

        private int stack(Value result) {
            List<Integer> indices = java.util.Objects.requireNonNull(stackIndices.get(result.arg(0)));
            return indices.get(result.count() - attributes.carries());
        }

        /** The merged loop in the new program, built at its first member. */
        Value image(ProgramBuilder b, Map<Value, Value> images) {
            if (results.isEmpty()) {
                build(b, images);
            }
            return results.get(0).arg(0);
        }

        Value result(Value result) {
            int index = result.count();
            if (index < attributes.carries()) {
                return results.get(newCarry[index]);
            }
            boolean counts = index == result.arg(0).loop().countResult();
            return results.get(counts ? results.size() - 1 : newStack[stack(result)]);
        }

        private void build(ProgramBuilder b, Map<Value, Value> images) {
            BitSet needed = neededInputs();
            int[] carried =
                    needed.stream().filter(i -> i < attributes.carries()).toArray();
            int[] stacks = readStacks.stream().toArray();
            newCarry = inverse(carried, attributes.carries(), 0);
            newStack = inverse(stacks, stacked.size(), carried.length);

            List<Program.Output> outputs = new ArrayList<>();
            for (int i : carried) {
                outputs.add(new Program.Output("carry " + i, Program.Reduction.LOOP, carries.get(i)));
            }
            for (int i : stacks) {
                outputs.add(new Program.Output("stacked " + i, Program.Reduction.LOOP, stacked.get(i)));
            }
            if (stop != null) {
                outputs.add(new Program.Output("stop", Program.Reduction.LOOP, stop));
            }
            List<Program.Input> stepInputs =
                    needed.stream().mapToObj(i -> sb.inputs().get(i)).toList();
            int perStep = (int) needed.stream()
                    .filter(i -> i >= attributes.carries() && i < attributes.carries() + attributes.perStep())
                    .count();
            Program step = new Program(attributes.step().name(), stepInputs, outputs);
            Attributes.Loop merged = new Attributes.Loop(
                    step,
                    attributes.capacity(),
                    attributes.backwards(),
                    carried.length,
                    perStep,
                    stacks.length,
                    attributes.stops());
            List<Value> args = new ArrayList<>();
            args.add(Passes.image(images, first.arg(0)));
            needed.stream().forEach(i -> args.add(Passes.image(images, first.arg(i + 1))));
            results = b.loop(merged, args);
        }

        /** The step's inputs that the read results depend on, including those through the next values of needed carries. */
        private BitSet neededInputs() {
            BitSet needed = new BitSet();
            List<Value> open = new ArrayList<>();
            readCarries.stream().forEach(i -> {
                needed.set(i);
                open.add(carries.get(i));
            });
            readStacks.stream().forEach(i -> open.add(stacked.get(i)));
            if (stop != null) {
                open.add(stop);
            }
            java.util.Set<Value> seen = new java.util.HashSet<>();
            while (!open.isEmpty()) {
                Value value = open.remove(open.size() - 1);
                if (!seen.add(value)) {
                    continue;
                }
                open.addAll(value.args());
                int input = inputs.indexOf(value);
                if (input >= 0) {
                    needed.set(input);
                    if (input < attributes.carries()) {
                        open.add(carries.get(input));
                    }
                }
            }
            return needed;
        }

        private static int[] inverse(int[] retained, int count, int begin) {
            int[] inverse = new int[count];
            IntStream.range(0, retained.length).forEach(i -> inverse[retained[i]] = begin + i);
            return inverse;
        }
    }
}
