package dev.kindling.job.program.rewrite;

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
final class Segments {
    /** Below it there is nothing to cut. */
    private static final int LEAST_CAPACITY = 3;

    private final Program program;
    private final Set<Value> cut = new HashSet<>();
    private final Copier copier = new Copier();
    private final Map<Value, Value> images = new HashMap<>();
    /** Stacked results of cut repeats as they are: [segments, steps, ...]. */
    private final Map<Value, Value> segmented = new HashMap<>();
    /** Counts of steps by segment, by capacity and count of all steps. */
    private final Map<List<Object>, Value> counts = new HashMap<>();

    private Segments(Program program) {
        this.program = program;
        Stacks stacks = new Stacks(program);
        for (Value repeat : stacks.repeats()) {
            Set<Value> readers = stacks.readers(repeat);
            if (!readers.isEmpty() && repeat.repeat().capacity() >= LEAST_CAPACITY) {
                cut.add(repeat);
                cut.addAll(readers);
            }
        }
    }

    static Program cut(Program program) {
        Segments segments = new Segments(program);
        return segments.cut.isEmpty() ? program : segments.rewritten();
    }

    /** Steps of a segment. */
    private static int length(int capacity) {
        return (int) Math.ceil(Math.sqrt(capacity));
    }

    private static int segments(int capacity) {
        return (capacity + length(capacity) - 1) / length(capacity);
    }

    private Program rewritten() {
        program.inputs().forEach(input -> images.put(input.value(), copier.like(input)));
        for (Value value : program.values()) {
            if (cut.contains(value)) {
                images.put(value, repeat(value));
            } else if (value.op() == Op.RESULT && cut.contains(value.arg(0))) {
                images.put(value, result(value));
            } else if (value.op() != Op.INPUT) {
                images.put(value, copier.copy(value, images));
            }
        }
        return copier.build(program.name(), Copier.images(program.outputs(), images));
    }

    private Value image(Value value) {
        return Objects.requireNonNull(images.get(value));
    }

    private Value result(Value result) {
        Attributes.Repeat repeat = result.arg(0).repeat();
        Value image = image(result.arg(0));
        if (result.count() < repeat.carries()) {
            return copier.result(image, result.count());
        }
        if (result.count() == repeat.countResult()) {
            return copier.result(image, repeat.carries());
        }
        Value stack = copier.result(image, result.count() + 1);
        segmented.put(result, stack);
        int capacity = repeat.capacity();
        int all = segments(capacity) * length(capacity);
        Value flat = copier.reshape(stack, result.shape().with(0, all));
        return all == capacity ? flat : copier.apply(Op.SLICE, List.of(flat), new Attributes.Range(0, 0, capacity));
    }

    /** The repeat over segments: carries, then the count of steps done so far; then the stacks. */
    private Value repeat(Value repeat) {
        Attributes.Repeat attributes = repeat.repeat();
        int capacity = attributes.capacity();
        List<Value> args = new ArrayList<>();
        args.add(segmentsToRun(repeat));
        args.addAll(imagesOf(repeat.args().subList(1, 1 + attributes.carries())));
        args.add(copier.constant(0));
        args.add(counts(Stacks.count(repeat), capacity));
        int begin = 1 + attributes.carries();
        repeat.args().subList(begin, begin + attributes.perStep()).forEach(stack -> args.add(inSegments(stack)));
        args.addAll(imagesOf(repeat.args()
                .subList(begin + attributes.perStep(), repeat.args().size())));
        Attributes.Repeat outer = new Attributes.Repeat(
                new Segment(attributes).program(),
                segments(capacity),
                attributes.backwards(),
                attributes.carries() + 1,
                attributes.perStep() + 1,
                attributes.stacked(),
                attributes.stops());
        return copier.apply(Op.REPEAT, args, outer);
    }

    private List<Value> imagesOf(List<Value> values) {
        return values.stream().map(this::image).toList();
    }

    /** All segments, or those in which a repeat that stops did anything, if that is what says how often to run. */
    private Value segmentsToRun(Value repeat) {
        Value count = Stacks.count(repeat);
        if (count.op() == Op.RESULT && cut.contains(count.arg(0))) {
            Attributes.Repeat stopping = count.arg(0).repeat();
            if (count.count() == stopping.countResult()
                    && stopping.capacity() == repeat.repeat().capacity()) {
                return copier.result(image(count.arg(0)), stopping.countResult() + 1);
            }
        }
        return copier.constant(segments(repeat.repeat().capacity()));
    }

    /** Steps that may run in each segment: the count, at most the capacity, less those of the segments before it. */
    private Value counts(Value count, int capacity) {
        return counts.computeIfAbsent(List.of(count, capacity), any -> {
            Shape shape = Shape.of(segments(capacity));
            Value wanted = image(count);
            Value most = copier.constant(capacity);
            Value bounded = copier.apply(Op.SELECT, copier.apply(Op.GREATER, wanted, most), most, wanted);
            Value segment = copier.apply(Op.IOTA, List.of(), new Attributes.Count(shape.size()));
            Value before = copier.apply(Op.MUL, segment, copier.broadcast(copier.constant(length(capacity)), shape));
            Value left = copier.apply(Op.SUB, copier.broadcast(bounded, shape), before);
            // The first segment's stays as it is, so that a negative count is refused as ever.
            Value later = copier.apply(Op.GREATER, segment, copier.broadcast(copier.constant(0), shape));
            return copier.apply(Op.SELECT, later, copier.apply(Op.RELU, left), left);
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
        Value padded = missing == 0 ? image : copier.apply(Op.PAD, List.of(image), new Attributes.Range(0, 0, missing));
        return copier.reshape(padded, stack.shape().unstacked().stacked(length).stacked(segments(capacity)));
    }

    /** The step over one segment: the count of its steps, and the repeat of them. */
    private static final class Segment {
        private final Attributes.Repeat attributes;
        private final Program step;
        private final Copier copier = new Copier();

        Segment(Attributes.Repeat attributes) {
            this.attributes = attributes;
            this.step = attributes.step();
        }

        Program program() {
            int length = length(attributes.capacity());
            List<Value> carries = inputs(0, attributes.carries(), 0);
            Value done = copier.input("done", Shape.scalar(), Program.Kind.STEP);
            List<Value> args = new ArrayList<>();
            args.add(copier.input("count", Shape.scalar(), Program.Kind.STEP));
            args.addAll(carries);
            if (attributes.stops()) {
                args.add(copier.constant(0));
            }
            int stacks = attributes.carries() + attributes.perStep();
            args.addAll(inputs(attributes.carries(), stacks, length));
            args.addAll(inputs(stacks, step.inputs().size(), 0));
            return outputs(copier.apply(Op.REPEAT, args, inner(length)), done);
        }

        /** Inputs like the step's; stacks of so many where a length is given. */
        private List<Value> inputs(int begin, int end, int length) {
            List<Value> inputs = new ArrayList<>();
            for (Program.Input input : step.inputs().subList(begin, end)) {
                Shape shape = length == 0 ? input.shape() : input.shape().stacked(length);
                inputs.add(copier.input(input.name(), shape, Program.Kind.STEP));
            }
            return inputs;
        }

        private Attributes.Repeat inner(int length) {
            boolean stops = attributes.stops();
            return new Attributes.Repeat(
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
            Copier with = new Copier();
            Map<Value, Value> images = new HashMap<>();
            for (int i = 0; i < step.inputs().size(); i++) {
                if (i == attributes.carries()) {
                    with.input("stopped", Shape.scalar(), Program.Kind.STEP);
                }
                Program.Input input = step.inputs().get(i);
                images.put(input.value(), with.like(input));
            }
            if (attributes.carries() == step.inputs().size()) {
                with.input("stopped", Shape.scalar(), Program.Kind.STEP);
            }
            List<Program.Output> outputs = new ArrayList<>(step.outputs());
            Value stop = outputs.get(outputs.size() - 1).value();
            outputs.add(attributes.carries(), new Program.Output("stopped", Program.Role.STEP, stop));
            with.copy(
                    step,
                    Set.copyOf(step.values()),
                    outputs.stream().map(Program.Output::value).toList(),
                    images);
            return with.build(step.name(), Copier.images(outputs, images));
        }

        private Program outputs(Value inner, Value done) {
            int carries = attributes.carries();
            int more = attributes.stops() ? 1 : 0;
            List<Program.Output> outputs = new ArrayList<>();
            for (int i = 0; i < carries; i++) {
                outputs.add(
                        new Program.Output(step.outputs().get(i).name(), Program.Role.STEP, copier.result(inner, i)));
            }
            Value total = copier.apply(Op.ADD, done, copier.result(inner, attributes.countResult() + more));
            outputs.add(new Program.Output("done", Program.Role.STEP, total));
            for (int i = carries; i < attributes.countResult(); i++) {
                outputs.add(new Program.Output(
                        step.outputs().get(i).name(), Program.Role.STEP, copier.result(inner, i + more)));
            }
            if (attributes.stops()) {
                outputs.add(new Program.Output("stopped", Program.Role.STEP, copier.result(inner, carries)));
            }
            return copier.build(step.name() + " by segments", outputs);
        }
    }
}
