package dev.kindling.job.program.passes;

import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.TopologicalOrder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.VerbatimBuilder;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Copies values into a new program without changing how a backend rounds them. A backend may fuse a value with its only
 * reader, which rounds once instead of twice. Therefore nothing is simplified, duplicate arithmetic is not merged, and a
 * value that loses readers gets an {@link #optimizationBarrier}.
 */
final class ExactCloner {
    /** Ops that neither round nor are fused with others; equal ones are merged. */
    private static final Set<Op> MERGED = EnumSet.of(
            Op.CONSTANT,
            Op.IOTA,
            Op.BROADCAST,
            Op.RESHAPE,
            Op.TRANSPOSE,
            Op.SLICE,
            Op.PAD,
            Op.STOP_GRADIENT,
            Op.BARRIER,
            Op.LOOP,
            Op.LOOP_RESULT);

    private static final Attributes NONE = new Attributes.None();

    private record Key(Op op, List<Value> args, Attributes attributes) {}

    private final VerbatimBuilder builder = new VerbatimBuilder();
    private final Map<Key, Value> known = new HashMap<>();
    private final List<Program.Input> inputs = new ArrayList<>();

    /** A new input; primes are appended to its name until it is unique. */
    Value input(String baseName, Shape shape, Program.Scope scope) {
        Set<String> taken = new HashSet<>();
        inputs.forEach(input -> taken.add(input.name()));
        String name = unique(taken, baseName);
        Value value = builder.input(name, shape);
        inputs.add(new Program.Input(name, scope, value));
        return value;
    }

    /** A new input with the name, shape and scope of another program's. */
    Value like(Program.Input input) {
        return input(input.name(), input.shape(), input.scope());
    }

    /** The program of all inputs so far and the given outputs; primes are appended to make the outputs' names unique. */
    Program build(String name, List<Program.Output> outputs) {
        Set<String> taken = new HashSet<>();
        List<Program.Output> named = new ArrayList<>();
        for (Program.Output output : outputs) {
            String outputName = unique(taken, output.name());
            taken.add(outputName);
            named.add(new Program.Output(outputName, output.reduction(), output.value()));
        }
        return new Program(name, inputs, named);
    }

    private static String unique(Set<String> taken, String baseName) {
        String name = baseName;
        while (taken.contains(name)) {
            name += "'";
        }
        return name;
    }

    Value apply(Op op, List<Value> args, Attributes attributes) {
        if (!MERGED.contains(op)) {
            return builder.value(op, args, attributes);
        }
        Key key = new Key(op, List.copyOf(args), attributes);
        Value value = known.get(key);
        if (value == null) {
            value = builder.value(op, args, attributes);
            known.put(key, value);
        }
        return value;
    }

    Value apply(Op op, Value... args) {
        return apply(op, List.of(args), NONE);
    }

    /** The same op on the images of the arguments. */
    Value copy(Value value, Map<Value, Value> images) {
        return apply(value.op(), value.args().stream().map(images::get).toList(), value.attributes());
    }

    Value constant(double number) {
        return apply(Op.CONSTANT, List.of(), new Attributes.Number(number));
    }

    Value broadcast(Value a, Shape shape) {
        return apply(Op.BROADCAST, List.of(a), new Attributes.To(shape));
    }

    Value reshape(Value a, Shape shape) {
        return apply(Op.RESHAPE, List.of(a), new Attributes.To(shape));
    }

    Value result(Value loopValue, int index) {
        return apply(Op.LOOP_RESULT, List.of(loopValue), new Attributes.Count(index));
    }

    /** The value through a barrier, so that no backend fuses it with its reader; an input is returned as it is. */
    Value optimizationBarrier(Value value) {
        return value.op() == Op.INPUT ? value : apply(Op.BARRIER, value);
    }

    /**
     * Copies {@code values}, from which {@code results} are computed, given the images of the program's inputs. A value that
     * had several readers in the program and has fewer than two in the copy gets a barrier.
     */
    void copy(Program program, Set<Value> values, List<Value> results, Map<Value, Value> images) {
        Map<Value, Integer> before = readers(program.values());
        program.outputs().forEach(output -> before.merge(output.value(), 1, Integer::sum));
        Map<Value, Integer> after = readers(values);
        results.forEach(value -> after.merge(value, 1, Integer::sum));
        for (Value value : program.values()) {
            if (values.contains(value) && !images.containsKey(value)) {
                boolean lost = before.getOrDefault(value, 0) > 1 && after.getOrDefault(value, 0) < 2;
                Value image = copy(value, images);
                images.put(value, lost && !MERGED.contains(value.op()) ? optimizationBarrier(image) : image);
            }
        }
    }

    private static Map<Value, Integer> readers(Iterable<Value> values) {
        Map<Value, Integer> readers = new HashMap<>();
        values.forEach(value -> value.args().forEach(arg -> readers.merge(arg, 1, Integer::sum)));
        return readers;
    }

    /** A step program with the given outputs instead of its own, all of them values of it. */
    static Program with(Program step, List<Program.Output> outputs) {
        ExactCloner cloner = new ExactCloner();
        Map<Value, Value> images = new HashMap<>();
        step.inputs().forEach(input -> images.put(input.value(), cloner.like(input)));
        List<Value> results = outputs.stream().map(Program.Output::value).toList();
        cloner.copy(step, Set.copyOf(TopologicalOrder.of(results)), results, images);

        return cloner.build(step.name(), images(outputs, images));
    }

    static List<Program.Output> images(List<Program.Output> outputs, Map<Value, Value> images) {
        List<Program.Output> copied = new ArrayList<>();
        for (Program.Output output : outputs) {
            Value image = java.util.Objects.requireNonNull(images.get(output.value()));
            copied.add(new Program.Output(output.name(), output.reduction(), image));
        }
        return copied;
    }
}
