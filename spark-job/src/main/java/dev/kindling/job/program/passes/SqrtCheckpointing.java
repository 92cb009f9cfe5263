package dev.kindling.job.program.passes;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Cuts repeats that pass stacks on, and those that read them, into segments of ⌈√capacity⌉ steps: a repeat over segments
 * whose step is a repeat over the steps of one. Stacks between them become [segments, steps, ...]. Steps beyond the count
 * do not run in the last segments, down to segments of none; a repeat that stops ends its segments too.
 */
final class SqrtCheckpointing {
    /** Below it there is nothing to cut. */
    private static final int LEAST_CAPACITY = 3;

    private final Program program;
    private final Set<Value> cut = new HashSet<>();
    private final ExactCloner cloner = new ExactCloner();
    private final Map<Value, Value> images = new HashMap<>();
    /** Stacked results of cut repeats as they are: [segments, steps, ...]. */
    private final Map<Value, Value> segmented = new HashMap<>();
    /** Counts of steps by segment, by capacity and count of all steps. */
    private final Map<List<Object>, Value> counts = new HashMap<>();

    private SqrtCheckpointing(Program program) {
        this.program = program;
        LoopResiduals residuals = new LoopResiduals(program);
        for (Value repeat : residuals.repeats()) {
            Set<Value> readers = residuals.readers(repeat);
            if (!readers.isEmpty() && repeat.loop().capacity() >= LEAST_CAPACITY) {
                cut.add(repeat);
                cut.addAll(readers);
            }
        }
    }

    static Program cut(Program program) {
        SqrtCheckpointing sqrtCheckpointing = new SqrtCheckpointing(program);
        return sqrtCheckpointing.cut.isEmpty() ? program : sqrtCheckpointing.rewritten();
    }

    /** Steps of a segment. */
    private static int length(int capacity) {
        return (int) Math.ceil(Math.sqrt(capacity));
    }

    private static int segments(int capacity) {
        return (capacity + length(capacity) - 1) / length(capacity);
    }

    private Program rewritten() {
        program.inputs().forEach(input -> images.put(input.value(), cloner.like(input)));
        for (Value value : program.values()) {
            if (cut.contains(value)) {
                images.put(value, repeat(value));
            } else if (value.op() == Op.LOOP_RESULT && cut.contains(value.arg(0))) {
                images.put(value, result(value));
            } else if (value.op() != Op.INPUT) {
                images.put(value, cloner.copy(value, images));
            }
        }
        return cloner.build(program.name(), ExactCloner.images(program.outputs(), images));
    }

    private Value image(Value value) {
        return Objects.requireNonNull(images.get(value));
    }

    private Value result(Value result) {
        Attributes.Loop loop = result.arg(0).loop();
        Value image = image(result.arg(0));
        if (result.count() < loop.carries()) {
            return cloner.result(image, result.count());
        }
        if (result.count() == loop.countResult()) {
            return cloner.result(image, loop.carries());
        }
        Value stack = cloner.result(image, result.count() + 1);
        segmented.put(result, stack);
        int capacity = loop.capacity();
        int all = segments(capacity) * length(capacity);
        Value flat = cloner.reshape(stack, result.shape().with(0, all));
        return all == capacity ? flat : cloner.apply(Op.SLICE, List.of(flat), new Attributes.Range(0, 0, capacity));
    }

    /** The repeat over segments: carries, then the count of steps done so far; then the stacks. */
    private Value repeat(Value repeat) {
        Attributes.Loop attributes = repeat.loop();
        int capacity = attributes.capacity();
        List<Value> args = new ArrayList<>();
        args.add(segmentsToRun(repeat));
        args.addAll(imagesOf(repeat.args().subList(1, 1 + attributes.carries())));
        args.add(cloner.constant(0));
        args.add(counts(LoopResiduals.count(repeat), capacity));
        int begin = 1 + attributes.carries();
        repeat.args().subList(begin, begin + attributes.perStep()).forEach(stack -> args.add(inSegments(stack)));
        args.addAll(imagesOf(repeat.args()
                .subList(begin + attributes.perStep(), repeat.args().size())));
        Attributes.Loop outer = new Attributes.Loop(
                new Segment(attributes).program(),
                segments(capacity),
                attributes.backwards(),
                attributes.carries() + 1,
                attributes.perStep() + 1,
                attributes.stacked(),
                attributes.stops());
        return cloner.apply(Op.LOOP, args, outer);
    }

    private List<Value> imagesOf(List<Value> values) {
        return values.stream().map(this::image).toList();
    }

    /** All segments, or those in which a repeat that stops did anything, if that is what says how often to run. */
    private Value segmentsToRun(Value repeat) {
        Value count = LoopResiduals.count(repeat);
        if (count.op() == Op.LOOP_RESULT && cut.contains(count.arg(0))) {
            Attributes.Loop stopping = count.arg(0).loop();
            if (count.count() == stopping.countResult()
                    && stopping.capacity() == repeat.loop().capacity()) {
                return cloner.result(image(count.arg(0)), stopping.countResult() + 1);
            }
        }
        return cloner.constant(segments(repeat.loop().capacity()));
    }

    /** Steps that may run in each segment: the count, at most the capacity, less those of the segments before it. */
    private Value counts(Value count, int capacity) {
        return counts.computeIfAbsent(List.of(count, capacity), any -> {
            Shape shape = Shape.of(segments(capacity));
            Value wanted = image(count);
            Value most = cloner.constant(capacity);
            Value bounded = cloner.apply(Op.SELECT, cloner.apply(Op.GREATER, wanted, most), most, wanted);
            Value segment = cloner.apply(Op.IOTA, List.of(), new Attributes.Count(shape.size()));
            Value before = cloner.apply(Op.MUL, segment, cloner.broadcast(cloner.constant(length(capacity)), shape));
            Value left = cloner.apply(Op.SUB, cloner.broadcast(bounded, shape), before);
            // The first segment's stays as it is, so that a negative count is refused as ever.
            Value later = cloner.apply(Op.GREATER, segment, cloner.broadcast(cloner.constant(0), shape));
            return cloner.apply(Op.SELECT, later, cloner.apply(Op.RELU, left), left);
        });
    }

    private Value inSegments(Value stack) {
        Value known = segmented.get(stack);
        if (known != null) {
            return known;
        }
        int capacity = stack.shape().dim(0);
        int length = length(capacity);
        int missing = segments(capacity) * length - capacity;
        Value image = image(stack);
        Value padded = missing == 0 ? image : cloner.apply(Op.PAD, List.of(image), new Attributes.Range(0, 0, missing));
        return cloner.reshape(padded, stack.shape().unstacked().stacked(length).stacked(segments(capacity)));
    }

    /** The step over one segment: the count of its steps, and the repeat of them. */
    private static final class Segment {
        private final Attributes.Loop attributes;
        private final Program step;
        private final ExactCloner cloner = new ExactCloner();

        Segment(Attributes.Loop attributes) {
            this.attributes = attributes;
            this.step = attributes.step();
        }

        Program program() {
            int length = length(attributes.capacity());
            List<Value> carries = inputs(0, attributes.carries(), 0);
            Value done = cloner.input("done", Shape.scalar(), Program.Scope.LOOP);
            List<Value> args = new ArrayList<>();
            args.add(cloner.input("count", Shape.scalar(), Program.Scope.LOOP));
            args.addAll(carries);
            if (attributes.stops()) {
                args.add(cloner.constant(0));
            }
            int stacks = attributes.carries() + attributes.perStep();
            args.addAll(inputs(attributes.carries(), stacks, length));
            args.addAll(inputs(stacks, step.inputs().size(), 0));
            return outputs(cloner.apply(Op.LOOP, args, inner(length)), done);
        }

        /** Inputs like the step's; stacks of so many where a length is given. */
        private List<Value> inputs(int begin, int end, int length) {
            List<Value> inputs = new ArrayList<>();
            for (Program.Input input : step.inputs().subList(begin, end)) {
                Shape shape = length == 0 ? input.shape() : input.shape().stacked(length);
                inputs.add(cloner.input(input.name(), shape, Program.Scope.LOOP));
            }
            return inputs;
        }

        private Attributes.Loop inner(int length) {
            boolean stops = attributes.stops();
            return new Attributes.Loop(
                    stops ? rememberingTheStop() : step,
                    length,
                    attributes.backwards(),
                    attributes.carries() + (stops ? 1 : 0),
                    attributes.perStep(),
                    attributes.stacked(),
                    stops);
        }

        /** The step with one more carry, which becomes the stop predicate. */
        private Program rememberingTheStop() {
            ExactCloner with = new ExactCloner();
            Map<Value, Value> images = new HashMap<>();
            for (int i = 0; i < step.inputs().size(); i++) {
                if (i == attributes.carries()) {
                    with.input("stopped", Shape.scalar(), Program.Scope.LOOP);
                }
                Program.Input input = step.inputs().get(i);
                images.put(input.value(), with.like(input));
            }
            if (attributes.carries() == step.inputs().size()) {
                with.input("stopped", Shape.scalar(), Program.Scope.LOOP);
            }
            List<Program.Output> outputs = new ArrayList<>(step.outputs());
            Value stop = outputs.get(outputs.size() - 1).value();
            outputs.add(attributes.carries(), new Program.Output("stopped", Program.Reduction.LOOP, stop));
            with.copy(
                    step,
                    Set.copyOf(step.values()),
                    outputs.stream().map(Program.Output::value).toList(),
                    images);
            return with.build(step.name(), ExactCloner.images(outputs, images));
        }

        private Program outputs(Value inner, Value done) {
            int carries = attributes.carries();
            int more = attributes.stops() ? 1 : 0;
            List<Program.Output> outputs = new ArrayList<>();
            for (int i = 0; i < carries; i++) {
                outputs.add(new Program.Output(
                        step.outputs().get(i).name(), Program.Reduction.LOOP, cloner.result(inner, i)));
            }
            Value total = cloner.apply(Op.ADD, done, cloner.result(inner, attributes.countResult() + more));
            outputs.add(new Program.Output("done", Program.Reduction.LOOP, total));
            for (int i = carries; i < attributes.countResult(); i++) {
                outputs.add(new Program.Output(
                        step.outputs().get(i).name(), Program.Reduction.LOOP, cloner.result(inner, i + more)));
            }
            if (attributes.stops()) {
                outputs.add(new Program.Output("stopped", Program.Reduction.LOOP, cloner.result(inner, carries)));
            }
            return cloner.build(step.name() + " by segments", outputs);
        }
    }
}
