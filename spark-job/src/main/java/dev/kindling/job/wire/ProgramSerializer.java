package dev.kindling.job.wire;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.kindling.job.program.Assembler;
import dev.kindling.job.program.Attributes;
import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * A program, value by value in its own order, each argument as the place of an earlier value; then inputs and outputs by
 * place, then the hash. What is read is verified as every program is, and its printed form must have that hash: it is
 * the program that was written, nothing simplified or reordered.
 */
final class ProgramSerializer extends Serializer<Program> {
    /** Op, count of arguments and attributes. */
    private static final int LEAST_VALUE = 3;
    /** Length of the name, kind or role, and place. */
    private static final int LEAST_PORT = 3;
    /** A REPEAT within a REPEAT's step is common, ten of them are an attack on the stack. */
    private static final int DEEPEST_REPEAT = 10;

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
        Parts.writeText(output, program.name());
        Parts.writeCount(output, program.values().size());
        program.values().forEach(value -> writeValue(output, program, value));
        Parts.writeCount(output, program.inputs().size());
        program.inputs().forEach(input -> {
            Parts.writeText(output, input.name());
            Parts.writeConstant(output, input.kind());
            Parts.writeCount(output, program.position(input.value()));
        });
        Parts.writeCount(output, program.outputs().size());
        program.outputs().forEach(out -> {
            Parts.writeText(output, out.name());
            Parts.writeConstant(output, out.role());
            Parts.writeCount(output, program.position(out.value()));
        });
        Parts.writeText(output, program.hash());
    }

    Program read(Input input) {
        Parts.require(++depth <= DEEPEST_REPEAT, "repeats within repeats " + depth + " deep");
        String name = Parts.readText(input);
        List<Value> values = readValues(input);
        List<Program.Input> inputs = new ArrayList<>();
        for (int left = Parts.readCount(input, LEAST_PORT); left > 0; left--) {
            String port = Parts.readText(input);
            Program.Kind kind = Parts.readConstant(input, Program.Kind.values());
            inputs.add(new Program.Input(port, kind, readPlace(input, values)));
        }
        List<Program.Output> outputs = new ArrayList<>();
        for (int left = Parts.readCount(input, LEAST_PORT); left > 0; left--) {
            String port = Parts.readText(input);
            Program.Role role = Parts.readConstant(input, Program.Role.values());
            outputs.add(new Program.Output(port, role, readPlace(input, values)));
        }
        Program program = new Program(name, inputs, outputs);
        String hash = Parts.readText(input);
        Parts.require(program.hash().equals(hash), "program " + name + " has hash " + hash);
        depth--;
        return program;
    }

    private void writeValue(Output output, Program program, Value value) {
        Parts.writeConstant(output, value.op());
        Parts.writeCount(output, value.args().size());
        value.args().forEach(arg -> Parts.writeCount(output, program.position(arg)));
        attributes.write(output, value.attributes());
        if (value.op() == Op.INPUT) {
            Parts.writeShape(output, value.shape());
        }
    }

    private List<Value> readValues(Input input) {
        int count = Parts.readCount(input, LEAST_VALUE);
        Assembler assembler = new Assembler();
        List<Value> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            values.add(readValue(input, assembler, values));
        }
        return values;
    }

    private Value readValue(Input input, Assembler assembler, List<Value> before) {
        Op op = Parts.readConstant(input, OPS);
        int count = Parts.readCount(input, 1);
        List<Value> args = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            args.add(readPlace(input, before));
        }
        Attributes known = attributes.read(input);
        return op == Op.INPUT
                ? assembler.input(((Attributes.Named) known).name(), Parts.readShape(input))
                : assembler.value(op, args, known);
    }

    private static Value readPlace(Input input, List<Value> values) {
        return values.get(Parts.readIndex(input, values.size()));
    }
}
