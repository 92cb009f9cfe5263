package dev.kindling.job.program.passes;

import dev.kindling.job.program.Op;
import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.Value;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The canonicalization that every backend applies first, and the rewriting helpers that the passes share. */
public final class Passes {
    private static final Set<Op> ONLY_FOR_DERIVATIVES = EnumSet.of(Op.STOP_GRADIENT, Op.BARRIER);

    private Passes() {}

    /**
     * The program without stop-gradients and barriers, which have no effect once derivatives are taken, with equal loops
     * merged and unread loop results removed.
     */
    public static Program canonicalize(Program program) {
        return LoopDeduplication.deduplicate(rebuild(
                program,
                (b, value, images) -> ONLY_FOR_DERIVATIVES.contains(value.op())
                        ? image(images, value.arg(0))
                        : b.copy(value, images)));
    }

    /** Copies one value into the new program, given the images of the values before it. */
    interface Rule {
        Value copy(ProgramBuilder b, Value value, Map<Value, Value> images);
    }

    /** A program with the same inputs and outputs, each of whose values is copied by a rule. */
    static Program rebuild(Program program, Rule rule) {
        ProgramBuilder b = new ProgramBuilder();
        Map<Value, Value> images = new HashMap<>();
        for (Program.Input input : program.inputs()) {
            images.put(input.value(), b.input(input.name(), input.shape(), input.scope()));
        }
        for (Value value : program.values()) {
            if (value.op() != Op.INPUT) {
                images.put(value, rule.copy(b, value, images));
            }
        }
        List<Program.Output> outputs = new ArrayList<>();
        for (Program.Output output : program.outputs()) {
            outputs.add(new Program.Output(output.name(), output.reduction(), image(images, output.value())));
        }
        return b.build(program.name(), outputs);
    }

    static Value image(Map<Value, Value> images, Value value) {
        Value image = images.get(value);
        if (image == null) {
            throw new IllegalStateException(value + " is used before it is copied");
        }
        return image;
    }
}
