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
 * Splits loops with residuals, and the loops that read these, into segments of ⌈√capacity⌉ steps: an outer loop over
 * segments, whose step is an inner loop over the steps of one. The stacks between them become [segments, steps, ...]. Steps
 * beyond the count do not run, so that the last segments may be shorter or empty; a loop that stops also ends its outer
 * loop.
 */
final class SqrtCheckpointing {
    /** The least capacity for which segments save memory. */
    private static final int MIN_CAPACITY = 3;

    private final Program program;
    /** The loops to split. */
    private final Set<Value> split = new HashSet<>();

    private final ExactCloner cloner = new ExactCloner();
    private final Map<Value, Value> images = new HashMap<>();
    /** Stacked results of split loops in the shape [segments, steps, ...]. */
    private final Map<Value, Value> segmented = new HashMap<>();
    /** Vectors of the step count of each segment, by total count and capacity. */
    private final Map<List<Object>, Value> counts = new HashMap<>();

    private SqrtCheckpointing(Program program) {
        this.program = program;
        LoopResiduals residuals = new LoopResiduals(program);
        for (Value loopValue : residuals.loops()) {
            Set<Value> readers = residuals.readers(loopValue);
            if (!readers.isEmpty() && loopValue.loop().capacity() >= MIN_CAPACITY) {
                split.add(loopValue);
                split.addAll(readers);
            }
        }
    }

    static Program rewrite(Program program) {
        SqrtCheckpointing pass = new SqrtCheckpointing(program);
        return pass.split.isEmpty() ? program : pass.rewritten();
    }

    /** Number of steps of a segment. */
    private static int length(int capacity) {
        return (int) Math.ceil(Math.sqrt(capacity));
    }

    private static int segments(int capacity) {
        return (capacity + length(capacity) - 1) / length(capacity);
    }

    private Program rewritten() {
        program.inputs().forEach(input -> images.put(input.value(), cloner.like(input)));
        for (Value value : program.values()) {
            if (split.contains(value)) {
                images.put(value, outerLoop(value));
            } else if (value.op() == Op.LOOP_RESULT && split.contains(value.arg(0))) {
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

    /** The loop over segments: carries, then the number of steps done so far; then the stacks. */
    private Value outerLoop(Value loopValue) {
        Attributes.Loop attributes = loopValue.loop();
        int capacity = attributes.capacity();
        List<Value> args = new ArrayList<>();
        args.add(segmentsToRun(loopValue));
        args.addAll(imagesOf(loopValue.args().subList(1, 1 + attributes.carries())));
        args.add(cloner.constant(0));
        args.add(counts(LoopResiduals.count(loopValue), capacity));
        int begin = 1 + attributes.carries();
        loopValue.args().subList(begin, begin + attributes.perStep()).forEach(stack -> args.add(inSegments(stack)));
        args.addAll(imagesOf(loopValue
                .args()
                .subList(begin + attributes.perStep(), loopValue.args().size())));
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

    /** All segments; if the count is the number of steps that a split, stopping loop ran, the segments that it ran. */
    private Value segmentsToRun(Value loopValue) {
        Value count = LoopResiduals.count(loopValue);
        if (count.op() == Op.LOOP_RESULT && split.contains(count.arg(0))) {
            Attributes.Loop stopping = count.arg(0).loop();
            if (count.count() == stopping.countResult()
                    && stopping.capacity() == loopValue.loop().capacity()) {
                return cloner.result(image(count.arg(0)), stopping.countResult() + 1);
            }
        }
        return cloner.constant(segments(loopValue.loop().capacity()));
    }

    /** The step count of each segment: the count, at most the capacity, minus the steps of the segments before it. */
    private Value counts(Value count, int capacity) {
        return counts.computeIfAbsent(List.of(count, capacity), any -> {
            Shape shape = Shape.of(segments(capacity));
            Value total = image(count);
            Value limit = cloner.constant(capacity);
            Value bounded = cloner.apply(Op.SELECT, cloner.apply(Op.GREATER, total, limit), limit, total);
            Value segment = cloner.apply(Op.IOTA, List.of(), new Attributes.Count(shape.size()));
            Value before = cloner.apply(Op.MUL, segment, cloner.broadcast(cloner.constant(length(capacity)), shape));
            Value left = cloner.apply(Op.SUB, cloner.broadcast(bounded, shape), before);
            // The first segment's count is not clamped to 0, so that a negative count is still refused.
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

    /** The step program of the outer loop, which runs the steps of one segment. */
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

        /** Inputs like the step's, stacked {@code length} times unless it is 0. */
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
                    stops ? withStopCarried() : step,
                    length,
                    attributes.backwards(),
                    attributes.carries() + (stops ? 1 : 0),
                    attributes.perStep(),
                    attributes.stacked(),
                    stops);
        }

        /** The step with an additional carry that receives the stop predicate. */
        private Program withStopCarried() {
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
