package dev.kindling.job.program.passes;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.TopologicalOrder;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Replaces the residuals of a loop: the loop stacks the initial carries of its steps instead, and the step of a reader
 * recomputes the residuals from its row of them, the loop's per-step inputs and its invariants.
 */
final class RecomputeResiduals {
    private final Program program;
    private final LoopResiduals residuals;
    private final Value source;
    private final Attributes.Loop attributes;
    private final Set<Integer> dropped;
    /** The values of the source's step that the residuals are computed from. */
    private final Set<Value> recomputed;

    private final List<Integer> carries;
    private final ExactCloner cloner = new ExactCloner();
    private final Map<Value, Value> images = new HashMap<>();

    private RecomputeResiduals(Program program, LoopResiduals residuals, Value source) {
        this.program = program;
        this.residuals = residuals;
        this.source = source;
        this.attributes = source.loop();
        this.dropped = residuals.residuals(source);
        this.recomputed = Set.copyOf(TopologicalOrder.of(stepValues(dropped)));
        this.carries = inputsOfSlice(0, attributes.carries());
    }

    /** The program with all residuals recomputed for which that takes less memory. */
    static Program rewrite(Program program) {
        Program current = program;
        for (Program next = rewriteOne(current); next != null; next = rewriteOne(current)) {
            current = next;
        }
        return current;
    }

    /** Rewrites one loop; null if none takes less memory so. Each rewriting makes stacks smaller, so that they end. */
    private static @Nullable Program rewriteOne(Program program) {
        LoopResiduals residuals = new LoopResiduals(program);
        for (Value loopValue : residuals.loops()) {
            if (!residuals.residuals(loopValue).isEmpty()) {
                RecomputeResiduals pass = new RecomputeResiduals(program, residuals, loopValue);
                if (pass.savesMemory()) {
                    return pass.rewritten();
                }
            }
        }
        return null;
    }

    private List<Value> stepValues(Set<Integer> results) {
        return results.stream()
                .map(index -> attributes.step().outputs().get(index).value())
                .toList();
    }

    private List<Integer> inputsOfSlice(int begin, int end) {
        List<Integer> found = new ArrayList<>();
        for (int i = begin; i < end; i++) {
            if (recomputed.contains(attributes.step().inputs().get(i).value())) {
                found.add(i);
            }
        }
        return found;
    }

    private boolean savesMemory() {
        long before = stepValues(dropped).stream()
                .mapToLong(value -> value.shape().size())
                .sum();
        long after = carries.stream()
                .mapToLong(i -> attributes.step().inputs().get(i).shape().size())
                .sum();
        return after < before;
    }

    private Program rewritten() {
        Set<Value> readers = residuals.readers(source);
        program.inputs().forEach(input -> images.put(input.value(), cloner.like(input)));
        for (Value value : program.values()) {
            if (value == source) {
                images.put(source, cloner.apply(Op.LOOP, imagesOf(source.args()), withCarriesStacked()));
            } else if (value.op() == Op.LOOP_RESULT && value.arg(0) == source) {
                if (!dropped.contains(value.count())) {
                    images.put(value, cloner.result(image(source), newIndex(value.count())));
                }
            } else if (readers.contains(value)) {
                images.put(value, new Reader(value).image());
            } else if (value.op() != Op.INPUT) {
                images.put(value, cloner.copy(value, images));
            }
        }
        return cloner.build(program.name(), ExactCloner.images(program.outputs(), images));
    }

    private Value image(Value value) {
        return Objects.requireNonNull(images.get(value));
    }

    private List<Value> imagesOf(List<Value> values) {
        return values.stream().map(this::image).toList();
    }

    private Attributes.Loop withCarriesStacked() {
        Program step = attributes.step();
        List<Program.Output> outputs = new ArrayList<>();
        int stop = attributes.countResult();
        for (int i = 0; i < stop; i++) {
            if (!dropped.contains(i)) {
                outputs.add(step.outputs().get(i));
            }
        }
        for (int i : carries) {
            Program.Input input = step.inputs().get(i);
            outputs.add(new Program.Output("before " + input.name(), Program.Reduction.LOOP, input.value()));
        }
        outputs.addAll(step.outputs().subList(stop, step.outputs().size()));
        return new Attributes.Loop(
                ExactCloner.with(step, outputs),
                attributes.capacity(),
                attributes.backwards(),
                attributes.carries(),
                attributes.perStep(),
                attributes.stacked() - dropped.size() + carries.size(),
                attributes.stops());
    }

    /** The new index of a result that is not dropped. */
    private int newIndex(int index) {
        int before = (int) dropped.stream().filter(other -> other < index).count();
        return index - before + (index == attributes.countResult() ? carries.size() : 0);
    }

    private Value carriesBefore(int index) {
        return cloner.result(image(source), attributes.countResult() - dropped.size() + carries.indexOf(index));
    }

    /** Rewrites a loop that read the dropped residuals. */
    private final class Reader {
        private final Value reader;
        private final Attributes.Loop before;
        private final ExactCloner step = new ExactCloner();
        private final List<Value> args = new ArrayList<>();
        /** Inputs of the new step by the arguments of the new loop. */
        private final Map<Value, Value> perStep = new LinkedHashMap<>();

        private final Map<Value, Value> invariants = new LinkedHashMap<>();
        private final Map<Value, Value> ofReader = new HashMap<>();
        private final Map<Value, Value> ofSource = new HashMap<>();

        Reader(Value reader) {
            this.reader = reader;
            this.before = reader.loop();
        }

        Value image() {
            args.add(RecomputeResiduals.this.image(reader.arg(0)));
            for (int i = 0; i < before.carries(); i++) {
                args.add(RecomputeResiduals.this.image(reader.arg(i + 1)));
                Program.Input input = before.step().inputs().get(i);
                ofReader.put(input.value(), step.like(input));
            }
            declarePerStep();
            declareInvariants();
            recompute();
            args.addAll(perStep.keySet());
            args.addAll(invariants.keySet());
            List<Value> outputs =
                    before.step().outputs().stream().map(Program.Output::value).toList();
            step.copy(before.step(), Set.copyOf(before.step().values()), outputs, ofReader);
            Attributes.Loop after = new Attributes.Loop(
                    step.build(
                            before.step().name(),
                            ExactCloner.images(before.step().outputs(), ofReader)),
                    before.capacity(),
                    before.backwards(),
                    before.carries(),
                    perStep.size(),
                    before.stacked(),
                    before.stops());
            return cloner.apply(Op.LOOP, args, after);
        }

        private boolean isDropped(Value arg) {
            return arg.op() == Op.LOOP_RESULT && arg.arg(0) == source && dropped.contains(arg.count());
        }

        private void declarePerStep() {
            for (int i = before.carries(); i < before.carries() + before.perStep(); i++) {
                if (!isDropped(reader.arg(i + 1))) {
                    take(perStep, reader, i, ofReader);
                }
            }
            for (int i : carries) {
                take(perStep, carriesBefore(i), attributes.step().inputs().get(i), ofSource);
            }
            for (int i : inputsOfSlice(attributes.carries(), attributes.carries() + attributes.perStep())) {
                take(perStep, source, i, ofSource);
            }
        }

        private void declareInvariants() {
            for (int i = before.carries() + before.perStep();
                    i < before.step().inputs().size();
                    i++) {
                take(invariants, reader, i, ofReader);
            }
            int begin = attributes.carries() + attributes.perStep();
            for (int i : inputsOfSlice(begin, attributes.step().inputs().size())) {
                take(invariants, source, i, ofSource);
            }
        }

        /** Declares an input of the new step for input {@code i} of a loop's step. */
        private void take(Map<Value, Value> group, Value loopValue, int i, Map<Value, Value> target) {
            Program.Input input = loopValue.loop().step().inputs().get(i);
            take(group, RecomputeResiduals.this.image(loopValue.arg(i + 1)), input, target);
        }

        private void take(Map<Value, Value> group, Value given, Program.Input input, Map<Value, Value> target) {
            target.put(input.value(), group.computeIfAbsent(given, any -> step.like(input)));
        }

        private void recompute() {
            step.copy(attributes.step(), recomputed, stepValues(dropped), ofSource);
            for (int i = before.carries(); i < before.carries() + before.perStep(); i++) {
                Value arg = reader.arg(i + 1);
                if (isDropped(arg)) {
                    Value residual =
                            attributes.step().outputs().get(arg.count()).value();
                    Value value = Objects.requireNonNull(ofSource.get(residual));
                    ofReader.put(before.step().inputs().get(i).value(), step.optimizationBarrier(value));
                }
            }
        }
    }
}
