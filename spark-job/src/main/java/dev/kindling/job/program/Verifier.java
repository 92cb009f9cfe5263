package dev.kindling.job.program;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Supplier;

/** Checks that a program is well-formed; runs when a program is built and when one is received. */
final class Verifier {
    private Verifier() {}

    static void verify(Program program) {
        Set<Value> defined = new HashSet<>();
        Set<Value> inputs = new HashSet<>();
        program.inputs().forEach(input -> {
            require(program, input.value().op() == Op.INPUT, () -> "input " + input.name() + " is not an input value");
            require(program, inputs.add(input.value()), () -> "input " + input.name() + " occurs twice");
        });
        for (Value value : program.values()) {
            require(
                    program,
                    value.op() != Op.INPUT || inputs.contains(value),
                    () -> value + " is not among the inputs");
            require(
                    program,
                    value.op().arity() < 0 || value.op().arity() == value.args().size(),
                    () -> value + " has the wrong count of arguments");
            for (Value arg : value.args()) {
                require(program, defined.contains(arg), () -> value + " comes before its argument");
                require(
                        program,
                        (arg.op() == Op.LOOP) == (value.op() == Op.LOOP_RESULT),
                        () -> value + " reads a loop other than through a loop result");
            }
            require(
                    program,
                    value.op() == Op.INPUT
                            || value.shape().equals(ShapeInference.infer(value.op(), value.args(), value.attributes())),
                    () -> value + " has another shape than its op gives");
            defined.add(value);
        }
        Set<String> names = new HashSet<>();
        program.inputs()
                .forEach(input -> require(program, names.add(input.name()), () -> "two inputs " + input.name()));
        names.clear();
        program.outputs()
                .forEach(output -> require(program, names.add(output.name()), () -> "two outputs " + output.name()));
    }

    private static void require(Program program, boolean condition, Supplier<String> message) {
        if (!condition) {
            throw new IllegalArgumentException("program " + program.name() + ": " + message.get());
        }
    }
}
