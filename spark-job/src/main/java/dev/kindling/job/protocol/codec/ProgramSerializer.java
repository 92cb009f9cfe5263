package dev.kindling.job.protocol.codec;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.VerbatimBuilder;
import java.util.ArrayList;
import java.util.List;

/**
 * The encoding of a program: value by value in its own order, each argument as the index of an earlier value; then inputs
 * and outputs by index, then the hash. A decoded program is verified as every program is, and its printed form must have
 * that hash, so it is the program that was written, neither simplified nor reordered.
 */
final class ProgramSerializer extends Serializer<Program> {
    /** Bytes at least: op, count of arguments and attributes. */
    private static final int LEAST_VALUE = 3;
    /** Bytes at least: length of the name, scope or reduction, and index. */
    private static final int LEAST_PORT = 3;
    /** Nested loops are common; more than ten levels are an attempt to overflow the stack. */
    private static final int MAX_LOOP_DEPTH = 10;

    private static final Op[] OPS = Op.values();

    private final AttributesCodec attributes = new AttributesCodec(this);
    private int depth;

    @Override
    public void write(Kryo kryo, Output output, Program program) {
        write(output, program);
    }

    @Override
    public Program read(Kryo kryo, Input input, Class<Program> type) {
        depth = 0;
        return read(input);
    }

    void write(Output output, Program program) {
        WireFormat.writeText(output, program.name());
        WireFormat.writeCount(output, program.values().size());
        program.values().forEach(value -> writeValue(output, program, value));
        WireFormat.writeCount(output, program.inputs().size());
        program.inputs().forEach(input -> {
            WireFormat.writeText(output, input.name());
            WireFormat.writeConstant(output, input.scope());
            WireFormat.writeCount(output, program.position(input.value()));
        });
        WireFormat.writeCount(output, program.outputs().size());
        program.outputs().forEach(out -> {
            WireFormat.writeText(output, out.name());
            WireFormat.writeConstant(output, out.reduction());
            WireFormat.writeCount(output, program.position(out.value()));
        });
        WireFormat.writeText(output, program.hash());
    }

    Program read(Input input) {
        WireFormat.require(++depth <= MAX_LOOP_DEPTH, "loops nested " + depth + " deep");
        String name = WireFormat.readText(input);
        List<Value> values = readValues(input);
        List<Program.Input> inputs = new ArrayList<>();
        for (int left = WireFormat.readCount(input, LEAST_PORT); left > 0; left--) {
            String port = WireFormat.readText(input);
            Program.Scope scope = WireFormat.readConstant(input, Program.Scope.values());
            inputs.add(new Program.Input(port, scope, readValueAt(input, values)));
        }
        List<Program.Output> outputs = new ArrayList<>();
        for (int left = WireFormat.readCount(input, LEAST_PORT); left > 0; left--) {
            String port = WireFormat.readText(input);
            Program.Reduction reduction = WireFormat.readConstant(input, Program.Reduction.values());
            outputs.add(new Program.Output(port, reduction, readValueAt(input, values)));
        }
        Program program = new Program(name, inputs, outputs);
        String hash = WireFormat.readText(input);
        WireFormat.require(program.hash().equals(hash), "program " + name + " has hash " + hash);
        depth--;
        return program;
    }

    private void writeValue(Output output, Program program, Value value) {
        WireFormat.writeConstant(output, value.op());
        WireFormat.writeCount(output, value.args().size());
        value.args().forEach(arg -> WireFormat.writeCount(output, program.position(arg)));
        attributes.write(output, value.attributes());
        if (value.op() == Op.INPUT) {
            WireFormat.writeShape(output, value.shape());
        }
    }

    private List<Value> readValues(Input input) {
        int count = WireFormat.readCount(input, LEAST_VALUE);
        VerbatimBuilder builder = new VerbatimBuilder();
        List<Value> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            values.add(readValue(input, builder, values));
        }
        return values;
    }

    private Value readValue(Input input, VerbatimBuilder builder, List<Value> before) {
        Op op = WireFormat.readConstant(input, OPS);
        int count = WireFormat.readCount(input, 1);
        List<Value> args = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            args.add(readValueAt(input, before));
        }
        Attributes known = attributes.read(input);
        return op == Op.INPUT
                ? builder.input(((Attributes.Named) known).name(), WireFormat.readShape(input))
                : builder.value(op, args, known);
    }

    private static Value readValueAt(Input input, List<Value> values) {
        return values.get(WireFormat.readIndex(input, values.size()));
    }
}
