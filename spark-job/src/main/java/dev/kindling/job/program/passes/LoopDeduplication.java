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
 * Repeats that do the same, from the same arguments, become one that stacks what any of them stacks: a derivative brings a
 * second forward repeat that also keeps what the reverse reads, and this makes the first superfluous. Then results that
 * nobody reads go, and with them carries and inputs that only they needed.
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

    private static Group group(Map<Value, Group> groups, Value repeat) {
        return java.util.Objects.requireNonNull(groups.get(repeat));
    }

    /** What two repeats must share to be merged. */
    private record Key(List<Value> args, int capacity, boolean backwards, int carries, int perStep, boolean stops) {
        static Key of(Value repeat) {
            Attributes.Loop r = repeat.loop();
            return new Key(repeat.args(), r.capacity(), r.backwards(), r.carries(), r.perStep(), r.stops());
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
            Group joined = candidates.stream()
                    .filter(group -> group.join(value))
                    .findFirst()
                    .orElse(null);
            if (joined == null) {
                joined = new Group(value);
                candidates.add(joined);
            }
            groups.put(value, joined);
        }
        for (Value value : program.values()) {
            if (value.op() == Op.LOOP_RESULT) {
                group(groups, value.arg(0)).read(value);
            }
        }
        return groups;
    }

    /** Repeats that are one. */
    private static final class Group {
        private final Value first;
        private final Attributes.Loop attributes;
        private final ProgramBuilder sb = new ProgramBuilder();
        private final List<Value> inputs = new ArrayList<>();
        /** Outputs of the step: the next carries, then every stacked value once. */
        private final List<Value> carries;

        private final List<Value> stacked = new ArrayList<>();
        private final @Nullable Value stop;
        /** For each member, where its stacked outputs are among ours. */
        private final Map<Value, List<Integer>> places = new HashMap<>();

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
            place(first, outputs);
        }

        private List<Value> outputs(Value repeat) {
            return sb.inline(Passes.canonicalize(repeat.loop().step()), inputs);
        }

        private void place(Value repeat, List<Value> outputs) {
            List<Integer> where = new ArrayList<>();
            for (int i = 0; i < repeat.loop().stacked(); i++) {
                Value output = outputs.get(attributes.carries() + i);
                if (!stacked.contains(output)) {
                    stacked.add(output);
                }
                where.add(stacked.indexOf(output));
            }
            places.put(repeat, where);
        }

        /** Takes another repeat in, if its step carries on as ours does. */
        boolean join(Value repeat) {
            List<Value> outputs = outputs(repeat);
            boolean same = outputs.subList(0, attributes.carries()).equals(carries)
                    && (stop == null || outputs.get(outputs.size() - 1) == stop);
            if (same) {
                place(repeat, outputs);
            }
            return same;
        }

        /** Notes that a result of a member is read. */
        void read(Value result) {
            int index = result.count();
            Attributes.Loop of = result.arg(0).loop();
            if (index < attributes.carries()) {
                readCarries.set(index);
            } else if (index < of.countResult()) {
                readStacks.set(stack(result));
            }
        }

        private int stack(Value result) {
            List<Integer> where = java.util.Objects.requireNonNull(places.get(result.arg(0)));
            return where.get(result.count() - attributes.carries());
        }

        /** The merged repeat in the new program; made when its first member is met, the same for all. */
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

        /** The step's inputs that what is read depends on; a carry brings what its own next value depends on. */
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

        private static int[] inverse(int[] kept, int count, int begin) {
            int[] inverse = new int[count];
            IntStream.range(0, kept.length).forEach(i -> inverse[kept[i]] = begin + i);
            return inverse;
        }
    }
}
