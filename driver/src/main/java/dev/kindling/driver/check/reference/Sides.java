package dev.kindling.driver.check.reference;

import dev.kindling.job.program.Program;
import dev.kindling.job.program.ProgramBuilder;
import dev.kindling.job.program.TopologicalOrder;
import dev.kindling.job.program.Value;
import dev.kindling.job.program.Window;
import dev.kindling.job.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which side of its kinks a piecewise smooth function is on: where rectifiers and comparisons stand, and which element is the
 * maximum. Points with equal hashes lie on one smooth piece, as far as a hash of 64 bits can say.
 */
final class Sides {
    static final String PREFIX = "side ";
    private static final long PRIME = 0x100000001b3L;

    private long hash = 0xcbf29ce484222325L;

    /** An output for the side of each kink that a value is computed through. */
    static List<Program.Output> outputs(ProgramBuilder b, Value value) {
        List<Program.Output> outputs = new ArrayList<>();
        for (Value ancestor : TopologicalOrder.of(List.of(value))) {
            side(b, ancestor)
                    .ifPresent(side ->
                            outputs.add(new Program.Output(PREFIX + outputs.size(), Program.Reduction.PER_TASK, side)));
        }
        return outputs;
    }

    private static Optional<Value> side(ProgramBuilder b, Value value) {
        return switch (value.op()) {
            case RELU -> Optional.of(b.greater(value.arg(0), b.constant(0)));
            case GREATER, EQUAL, ARGMAX -> Optional.of(value);
            case MAX -> Optional.of(b.argmax(value.arg(0)));
            case POOL_GATHER -> Optional.of(place(b, value.arg(0), (Window) value.attributes()));
            default -> Optional.empty();
        };
    }

    /** For each window, the place in the images where its maximum stands. */
    private static Value place(ProgramBuilder b, Value images, Window window) {
        Shape shape = images.shape();
        return b.poolGather(images, b.reshape(b.iota(shape.size()), shape), window);
    }

    /** Adds the sides that a program found. */
    void add(ProgramProbe.Outputs outputs) {
        outputs.program().perTask().entries().stream()
                .filter(entry -> entry.name().startsWith(PREFIX))
                .forEach(entry -> add(outputs.array(entry.name())));
    }

    /** Adds sides that are whole numbers. */
    void add(double... sides) {
        for (double side : sides) {
            hash = (hash ^ (long) side) * PRIME;
        }
    }

    long hash() {
        return hash;
    }
}
