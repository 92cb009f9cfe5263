package dev.kindling.job.program;

import dev.kindling.job.tensor.Layout;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A tensor program: named inputs, values in the order of computation, named outputs. Immutable, verified when constructed,
 * and free of values that no output needs. Programs are equal if their printed forms are.
 */
public final class Program {
    /** What an input is constant over. */
    public enum Scope {
        /** The same for all tasks of a round: parameters, learning rates. */
        BROADCAST,
        /** The data of one task. */
        TASK,
        /** An input of the step program of a LOOP. */
        LOOP
    }

    /** How an output is reduced over tasks. */
    public enum Reduction {
        /** Added over tasks, in task order: gradients, statistics. */
        SUM,
        /** Returned for each task: losses, predictions. */
        PER_TASK,
        /** An output of the step program of a LOOP. */
        LOOP
    }

    /** A named input. */
    public record Input(String name, Scope scope, Value value) {
        public Shape shape() {
            return value.shape();
        }
    }

    /** A named output. */
    public record Output(String name, Reduction reduction, Value value) {
        public Shape shape() {
            return value.shape();
        }
    }

    private final String name;
    private final List<Input> inputs;
    private final List<Value> values;
    private final List<Output> outputs;
    private final Map<Value, Integer> positions = new HashMap<>();
    private final String printed;
    private final String hash;

    /**
     * The program of the given inputs and outputs and the values that the outputs need.
     *
     * @throws IllegalArgumentException if it is not well-formed; see {@link Verifier}
     */
    public Program(String name, List<Input> inputs, List<Output> outputs) {
        this.name = name;
        this.inputs = List.copyOf(inputs);
        this.outputs = List.copyOf(outputs);
        this.values = needed(inputs, outputs);
        for (int i = 0; i < values.size(); i++) {
            positions.put(values.get(i), i);
        }
        Verifier.verify(this);
        this.printed = Printer.print(this);
        this.hash = Printer.hash(printed);
    }

    private static List<Value> needed(List<Input> inputs, List<Output> outputs) {
        List<Value> roots = new ArrayList<>();
        inputs.forEach(input -> roots.add(input.value()));
        outputs.forEach(output -> roots.add(output.value()));
        return TopologicalOrder.of(roots);
    }

    public String name() {
        return name;
    }

    public List<Input> inputs() {
        return inputs;
    }

    /** Every value that an output needs and every input, in topological order. */
    public List<Value> values() {
        return values;
    }

    public List<Output> outputs() {
        return outputs;
    }

    /** Index of a value in {@link #values()}. */
    public int position(Value value) {
        Integer position = positions.get(value);
        if (position == null) {
            throw new IllegalArgumentException(value + " is not in program " + name);
        }
        return position;
    }

    /**
     * The value of the input of the given name.
     *
     * @throws IllegalArgumentException if there is none; the message lists the known names
     */
    public Value input(String inputName) {
        return inputs.stream()
                .filter(input -> input.name().equals(inputName))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("program " + name + " has no input " + inputName
                        + "; it has " + inputs.stream().map(Input::name).toList()))
                .value();
    }

    /**
     * The value of the output of the given name.
     *
     * @throws IllegalArgumentException if there is none; the message lists the known names
     */
    public Value output(String outputName) {
        return outputs.stream()
                .filter(output -> output.name().equals(outputName))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("program " + name + " has no output " + outputName
                        + "; it has " + outputs.stream().map(Output::name).toList()))
                .value();
    }

    /** Layout of the inputs of scope BROADCAST, in order. */
    public Layout broadcastInputs() {
        return inputs(Scope.BROADCAST);
    }

    /** Layout of the inputs of scope TASK, in order. */
    public Layout taskInputs() {
        return inputs(Scope.TASK);
    }

    /** Layout of the outputs of reduction SUM, in order. */
    public Layout sums() {
        return outputs(Reduction.SUM);
    }

    /** Layout of the outputs of reduction PER_TASK, in order. */
    public Layout perTask() {
        return outputs(Reduction.PER_TASK);
    }

    private Layout inputs(Scope scope) {
        Layout.Builder layout = Layout.builder();
        inputs.stream()
                .filter(input -> input.scope() == scope)
                .forEach(input -> layout.add(input.name(), input.shape()));
        return layout.build();
    }

    private Layout outputs(Reduction reduction) {
        Layout.Builder layout = Layout.builder();
        outputs.stream()
                .filter(output -> output.reduction() == reduction)
                .forEach(output -> layout.add(output.name(), output.shape()));
        return layout.build();
    }

    /** SHA-256 of the printed form, in hexadecimal. */
    public String hash() {
        return hash;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Program program && printed.equals(program.printed);
    }

    @Override
    public int hashCode() {
        return hash.hashCode();
    }

    /** The printed form: one line per value, step programs indented below their LOOP. */
    @Override
    public String toString() {
        return printed;
    }
}
